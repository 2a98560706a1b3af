#!/bin/sh
# How large what the Dockerfile adds to python:slim is, without Docker: the same files, installed into a folder.
#   examples/serve/measure.sh rushlight.whl
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --no-compile --target "$folder" "$1" waitress pillow
du -sm "$folder"/* | sort -rn | head -8
du -sm "$folder" | cut -f1 | sed 's/$/ MB in all/'
