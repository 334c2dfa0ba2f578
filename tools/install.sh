#!/bin/sh
# Installs pinned, hashed packages and the project itself into the virtual environment.
set -eu
venv=$1
requirements=$2
echo "Installing the packages pinned in $requirements …"
PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_DISABLE_PIP_VERSION_CHECK
"$venv/bin/python" -m pip install --quiet --no-compile --require-hashes --requirement "$requirements"
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
# So that the first start is as quick as the next; on all cores, where pip would do it on one. Packages may bring files
# that are templates and no Python: nobody imports those.
"$venv/bin/python" -m compileall -qq -j 0 src "$venv/lib" || true
