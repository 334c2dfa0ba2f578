#!/bin/sh
# Brings what the measurements need beside what the tests need: nginx, to compare with. What cannot be brought is
# said by the measurement that wants it.
set -eu
cd "$(dirname "$0")/.."
tools/setup_tests.sh

PATH="$PATH:/usr/sbin:/sbin"
if ! command -v nginx >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing nginx …"
    # RUNLEVEL=1: the package must not start a web server of its own.
    { $as_root apt-get update -qq && $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; } || true
  fi
  command -v nginx >/dev/null || echo "There is no nginx to compare with: sudo apt-get install nginx-light" >&2
fi
