"""Model-building functions as people have them for Keras Tuner, registered by `HEADSTOCK_BUILDERS`."""
