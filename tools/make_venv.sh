#!/bin/sh
# Makes the virtual environment; brings Python's venv by the system's package manager where it is missing.
set -eu
python=$1
venv=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Roomgate needs Python 3.11 or newer; $("$python" --version) was found. Try: make PYTHON=python3.12 demo" >&2
  exit 1
}

"$python" -m venv "$venv" 2>/dev/null && exit 0
rm -rf "$venv"
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
  echo "Python's venv module is missing. Install it with: sudo apt-get install python3-venv" >&2
  exit 1
fi
$as_root apt-get update -qq
$as_root apt-get install -y -qq python3-venv >/dev/null
"$python" -m venv "$venv"
