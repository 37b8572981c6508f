"""Whole pieces of work, each a definition that runs as it stands; `python -m examples` runs them all."""
