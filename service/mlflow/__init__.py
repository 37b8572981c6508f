"""Trials and jobs as MLflow runs, while they run: a role of its own that reads the event log, in no search's way."""
