"""Data sets: fetched or parsed once in a child process, kept as plain arrays, loaded by trainers.

`client`, `options`, `builtin_names`, `wire`, `provenance`, `request`, `scaling_rule` and the rules of `preprocessing`
(`options`, `layout`) are pure data and may be imported by the API. The rest needs numpy and lives in the child
(`python -m tuners.datasets`) or in trainers (`arrays`).
"""
