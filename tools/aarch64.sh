#!/usr/bin/env bash
# Builds the extension for 64-bit ARM with a cross compiler and runs tests under qemu's user mode.
#
#     tools/aarch64.sh [PYTEST ARGUMENT...]        default: the tests of the kernels
#     tools/aarch64.sh --wheel FOLDER [ARGUMENT...]  instead of building install the wheel that pip
#                                                  takes from there, train with it, then the tests
#
# Needs Debian or Ubuntu (apt-get, dpkg) with qemu-user and g++-aarch64-linux-gnu, cmake, ninja,
# pip. Python itself and the libraries come as arm64 packages, unpacked into build/aarch64/root; apt
# gets lists of its own there, so the machine's packages stay as they are. NumPy and pytest are
# wheels. Nothing is installed outside of build/aarch64.
set -eu
cd "$(dirname "$0")/.."
HOST=${PYTHON:-python3}
TOP=$PWD/build/aarch64
ROOT=$TOP/root
SITE=$ROOT/usr/lib/python3/dist-packages
wheel=
if [ "${1:-}" = --wheel ]; then
    wheel=$2
    shift 2
fi

if [ ! -e "$TOP/fetched" ]; then
    rm -rf "$ROOT" "$TOP/apt"
    mkdir -p "$ROOT" "$SITE" "$TOP/apt/lists/partial" "$TOP/apt/cache/archives/partial" "$TOP/apt/debs"
    : >"$TOP/apt/status"
    cat >"$TOP/apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures {"arm64";};
APT::Sandbox::User "root";
Dir::State::lists "$TOP/apt/lists";
Dir::State::status "$TOP/apt/status";
Dir::Cache "$TOP/apt/cache";
CONF
    export APT_CONFIG=$TOP/apt/apt.conf
    apt-get -qq update
    version=$(apt-cache depends python3 | sed -n 's/.*Depends: python\(3\.[0-9]*\)$/\1/p')
    (cd "$TOP/apt/debs" && apt-get -qq download "python$version-minimal" \
        "libpython$version-minimal" "libpython$version-stdlib" "libpython$version-dev" libc6 \
        libstdc++6 libgcc-s1 zlib1g libexpat1 libffi8 libbz2-1.0 liblzma5 libssl3 libsqlite3-0 \
        libuuid1 libncursesw6 libtinfo6 libreadline8 libdb5.3 libcrypt1)
    unset APT_CONFIG
    for deb in "$TOP"/apt/debs/*.deb; do dpkg -x "$deb" "$ROOT"; done
    "$HOST" -m pip install -q --disable-pip-version-check --only-binary :all: --target "$SITE" \
        --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_28_aarch64 --python-version "${version#3.}" --implementation cp \
        --python-version "$version" numpy ml_dtypes 'pytest>=8' pillow safetensors
    echo "$version" >"$TOP/fetched"
fi
version=$(cat "$TOP/fetched")
# The interpreter as one command, which a test can start as sys.executable, too. (A file that qemu
# does not find below ROOT it takes from the machine: /tmp, /proc, the sources.)
cat >"$TOP/python" <<RUN
#!/bin/sh
PYTHONHOME="$ROOT/usr" PYTHONDONTWRITEBYTECODE=1 exec qemu-aarch64 -L "$ROOT" -0 "$TOP/python" \\
    "$ROOT/usr/bin/python$version" "\$@"
RUN
chmod +x "$TOP/python"

if [ -n "$wheel" ]; then
    package=$TOP/wheel
    rm -rf "$package"
    "$HOST" -m pip install -q --disable-pip-version-check --no-deps --target "$package" \
        --no-index --find-links "$wheel" --only-binary :all: --implementation cp \
        --platform manylinux_2_28_aarch64 --python-version "$version" rushlight
else
    cat >"$TOP/toolchain.cmake" <<CMAKE
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
CMAKE
    tag=cpython-${version/./}-aarch64-linux-gnu
    # pyconfig.h lies in a folder of the architecture, below the one of the other headers
    cmake -S . -B "$TOP/build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$TOP/toolchain.cmake" \
        -DPython_EXECUTABLE="$(command -v "$HOST")" \
        -DPython_INCLUDE_DIR="$ROOT/usr/include/python$version" \
        -DCMAKE_CXX_FLAGS="-I$ROOT/usr/include" \
        -DPython_NumPy_INCLUDE_DIR="$SITE/numpy/_core/include" -DPython_SOABI="$tag" >/dev/null
    ninja -C "$TOP/build" -j2
    package=$TOP/src
    rm -rf "$package" && mkdir -p "$package" && cp -r src/rushlight "$package/"
    rm -f "$package"/rushlight/_native*.so
    cp "$TOP"/build/_native*.so "$package/rushlight/_native.$tag.so"
fi

PYTHONPATH=$package "$TOP/python" -c "
import platform, rushlight
from rushlight import kernels
assert platform.machine() == 'aarch64' and kernels.native is not None
print('rushlight', rushlight.__version__, 'on', platform.machine(), kernels.native.config())"
if [ -n "$wheel" ]; then
    rm -rf "$TOP/run"
    PYTHONPATH=$package "$TOP/python" -m rushlight train digits --epochs 2 --out "$TOP/run"
fi
# (fork of a process with threads fails in qemu 7.2 itself, now and then)
[ $# -gt 0 ] || set -- tests/test_{strided,pool_threads,machine,native_names,matmul}.py \
    tests/test_{narrow_kernels,bfloat16_products,kernels}.py -k "not fork"
PYTHONPATH=$package "$TOP/python" -m pytest -q -p no:cacheprovider "$@"
