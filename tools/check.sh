#!/usr/bin/env bash
# Style, types, import directions and container files, in this order; stops at the first that is not clean.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "Checking format and lint (ruff) ..."
ruff format --check --quiet .
ruff check --quiet .
echo "Checking types (mypy --strict) ..."
mypy --no-error-summary
MYPYPATH=clients/python mypy --no-error-summary -p headstock
echo "Checking import directions (import-linter) ..."
lint-imports --no-cache | tail -n 1
echo "Checking scripts and style sheets (prettier, eslint) ..."
if python tools/node.py tools/lint install; then
  tools/prettier.sh --check
  python tools/node.py . node tools/lint/node_modules/eslint/bin/eslint.js --config tools/lint/eslint.config.js clients/dashboard/js
else
  echo "prettier and eslint cannot be fetched without a network: scripts not checked"
fi
echo "Checking container files (compose schema, hadolint) ..."
check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
if command -v hadolint >/dev/null; then hadolint Dockerfile; else echo "hadolint is not installed: Dockerfile not linted"; fi
echo "Building the documentation's site (mkdocs, strict) ..."
# The banner announces the end of MkDocs' theme in 2027; CONTRIBUTING.md says what follows.
NO_MKDOCS_2_WARNING=1 PYTHONPATH=. mkdocs build --quiet --site-dir "$(mktemp -d)/site"
