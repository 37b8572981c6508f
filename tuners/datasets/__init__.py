"""Data sets: fetched or parsed once in a child process, kept as plain arrays, loaded by trainers.

`client`, `builtin_names`, `wire` and `scaling_rule` are pure data and may be imported by the API. The rest needs numpy
and lives in the child (`python -m tuners.datasets`) or in trainers (`arrays`).
"""
