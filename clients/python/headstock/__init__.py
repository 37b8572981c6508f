"""Client of Headstock, Keras Tuner as a service."""
