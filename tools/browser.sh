#!/usr/bin/env bash
# Makes sure the browser tests find a Chromium: uses the one that is there, else installs Debian's when that is allowed.
set -uo pipefail
for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && exit 0; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests (apt-get) ..."
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "No Chromium here: the browser tests will be skipped and say so (install the package 'chromium' to run them)."
