"""What a final training leaves: its report, its card, and a bundle that predicts without this service.

`decoding` and `predicting` need numpy alone (and Keras or skops for the model): their text goes into bundles.
"""
