#!/usr/bin/env bash
# Tries wheels, and the sdist, on another release of Debian: an older or a newer C library, its Pythons.
#
#     tools/debian.sh SUITE                      makes the release ready and names its Pythons
#     tools/debian.sh SUITE FOLDER [ARGUMENT...]  then tries what lies in FOLDER (tools/try_wheels.py and
#                                                its arguments), and installs the sdist from there
#
# Needs root, debootstrap and the network. The release lies in build/debian/SUITE, nothing is installed
# outside. Its Pythons from 3.11 on are its own packages; a release that has none gets one from
# Debian 12's source, compiled there. (Those of a newer C library do not start on this system;
# build/debian/SUITE.python3.X starts them by their own loader: enough for `make wheels PYTHONS=...`,
# which asks an interpreter where its headers are.)
set -eu
cd "$(dirname "$0")/.."
SUITE=$1
shift
TOP=$PWD/build/debian
ROOT=$TOP/$SUITE

inside() { # a command there, with /proc and /dev, which end with it
    unshare -m sh -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' \
        "$ROOT" env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$@"
}

if [ ! -e "$TOP/$SUITE.ready" ]; then
    mkdir -p "$TOP"
    rm -rf "$ROOT"
    # (a release that debootstrap does not know yet is made as unstable is)
    known=/usr/share/debootstrap/scripts/$SUITE
    [ -e "$known" ] || known=/usr/share/debootstrap/scripts/sid
    mirror=$(sed -n 's/^ *DEF_MIRROR="\(.*\)"/\1/p' /usr/sbin/debootstrap | head -1)
    debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" "$mirror" "$known" >"$TOP/$SUITE.log"
    cp /etc/resolv.conf "$ROOT/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/"
    inside apt-get -qq update
    pythons=$(inside apt-cache search -n '^python3\.[0-9]+$' | sed -n 's/^\(python3\.\(1[1-9]\|[2-9][0-9]\)\) .*/\1/p')
    if [ -n "$pythons" ]; then
        for python in $pythons; do
            inside apt-get -qq install --no-install-recommends "$python" "$python-venv" "$python-dev"
        done >>"$TOP/$SUITE.log" 2>&1
    else
        inside apt-get -qq install --no-install-recommends gcc g++ make xz-utils pkg-config libssl-dev \
            zlib1g-dev libffi-dev libbz2-dev liblzma-dev libsqlite3-dev uuid-dev >>"$TOP/$SUITE.log" 2>&1
        echo "deb-src ${mirror:-$(cut -d' ' -f2 "$ROOT/etc/apt/sources.list")} bookworm main" \
            >"$ROOT/etc/apt/sources.list.d/source.list"
        inside apt-get -qq update
        inside sh -c 'cd /usr/src && apt-get -qq source --download-only python3.11 && tar xf python3.11_*.orig.tar.* &&
            cd Python-3.11* && ./configure && make -j2 && make install' >>"$TOP/$SUITE.log" 2>&1
    fi
    touch "$TOP/$SUITE.ready"
fi

pythons=$(inside sh -c 'for v in 11 12 13 14 15 16; do command -v python3.$v; done' || true)
for python in $pythons; do
    name=$(basename "$python")
    cat >"$TOP/$SUITE.$name" <<RUN
#!/bin/sh
PYTHONHOME="$ROOT${python%/bin/*}" exec "$ROOT/lib64/ld-linux-x86-64.so.2" --library-path "$ROOT/usr/lib/x86_64-linux-gnu" \\
    --argv0 "\$0" "$ROOT$python" "\$@"
RUN
    chmod +x "$TOP/$SUITE.$name"
done
echo "$SUITE: $(inside ldd --version | sed -n '1s/.*) //p'), glibc; $(echo $pythons)"
[ $# -gt 0 ] || exit 0

wheels=$1
shift
rm -rf "$ROOT/trial"
mkdir -p "$ROOT/trial/tools"
cp tools/try_wheels.py "$ROOT/trial/tools/"
cp -r tests pyproject.toml "$ROOT/trial/"
mkdir "$ROOT/trial/dist"
cp "$wheels"/rushlight-* "$ROOT/trial/dist/"
status=0
inside "$(echo $pythons | cut -d' ' -f1)" /trial/tools/try_wheels.py /trial/dist --pythons "$(echo $pythons)" "$@" || status=1

# from the sources, with what compiler there is: without one, or with one that is too old, NumPy computes
for python in $pythons; do
    inside sh -euc '
        rm -rf /trial/env /trial/run && "$0" -m venv /trial/env && cd /trial
        env/bin/pip install -v dist/rushlight-*.tar.gz >install.log 2>&1 || { tail -30 install.log; exit 1; }
        grep "^ *rushlight: " install.log | sort -u
        env/bin/python -W ignore -m rushlight train digits --epochs 2 --out run | grep "test accuracy"
        env/bin/python -W ignore -m rushlight doctor | grep ^kernels' "$python" || status=1
done
exit $status
