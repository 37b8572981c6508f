"""What `python -m tuners <role>` runs: one module a role, each with `main(argv) -> exit code`."""
