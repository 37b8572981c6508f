"""Asks Keras, in a child process, what only Keras knows: whether a definition's models can be built, and how large."""
