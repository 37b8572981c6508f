#!/usr/bin/env bash
# Sets or checks the form of the scripts and style sheets written here: `tools/prettier.sh --write`, `--check`.
set -euo pipefail
cd "$(dirname "$0")/.."
python tools/node.py . node tools/lint/node_modules/prettier/bin/prettier.cjs --config tools/lint/prettier.json --log-level warn "$@" \
  clients/dashboard/{css,js,index.html} clients/typescript/{src/index.ts,tests} tools/lint/*.js tools/vendor/*.{js,mjs}
