"""Trends as pure functions over records: what the scores say, without a database or a web framework."""
