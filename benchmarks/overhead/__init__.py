"""The same random search by stock Keras Tuner in one process, and by Headstock with one slot and with two.

    python -m benchmarks.overhead [--rounds 3] [--trials 20] [--epochs 5]

All three train the very same hyperparameter values: stock Keras Tuner is given the seed that Headstock hands to its own
random oracle. What is timed is the search alone, with processes warm: stock's `tuner.search()` after a first small fit,
Headstock's time from submission to COMPLETED after a first small search. The three take turns within each round.
"""
