#!/bin/sh
# Writes requirements/*.txt again from pyproject.toml: every package pinned, every file hashed, no index named.
set -eu
cd "$(dirname "$0")/.."
for extra in demo dev fuzz; do
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    --no-annotate --extra "$extra" pyproject.toml --output-file "requirements/$extra.txt"
done
