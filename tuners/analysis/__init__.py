"""Figures that need numeric libraries: which hyperparameters matter, and surfaces between measured points.

Importing this package, its `wire` and its `client` loads none of them; the rest runs in a child process only.
"""
