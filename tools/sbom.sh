#!/usr/bin/env bash
# Puts a bill of materials into wheels: CycloneDX, as <name>.dist-info/sboms/<name>.cdx.json (PEP 770).
#
#     tools/sbom.sh WHEEL...
#
# Needs the packages cyclonedx-bom and wheel. The bill is that of an environment with nothing in it but
# the wheel's metadata: what it requires is not bundled. With SOURCE_DATE_EPOCH set, the same wheel
# gives the same bytes.
set -eu
PYTHON=${PYTHON:-python3}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

for file in "$@"; do
    rm -rf "${TMP:?}"/*
    "$PYTHON" -m wheel unpack -d "$TMP/wheel" "$file" >/dev/null
    info=$(echo "$TMP"/wheel/*/*.dist-info)
    name=$(basename "$info" | cut -d- -f1)
    rm -rf "$info/sboms/$name.cdx.json" # of an earlier call
    "$PYTHON" -m venv --without-pip "$TMP/venv"
    cp -r "$info" "$TMP"/venv/lib/python3*/site-packages/
    mkdir -p "$info/sboms"
    "$PYTHON" -m cyclonedx_py environment --output-reproducible --spec-version 1.6 \
        --output-file "$info/sboms/$name.cdx.json" "$TMP/venv/bin/python"
    "$PYTHON" -m wheel pack -d "$(dirname "$file")" "$TMP"/wheel/* >/dev/null
done
