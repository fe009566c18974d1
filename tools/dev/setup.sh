#!/bin/sh
# Installs what building and testing need on a bare Debian machine: Debian's packages, a virtual environment and ONNX's C++ library in
# .deps/. What is there already is left alone, so that a second call takes a second. Environment: MOE_DEPS, another folder than .deps.
set -eu
cd "$(dirname "$0")/../.."
deps=${MOE_DEPS:-$PWD/.deps}
onnx_version=1.23.2
say() { printf 'setup: %s\n' "$*"; }

# 1. Debian's packages.
packages="ca-certificates ccache clang-22 git libgtest-dev liburing-dev libmlir-22-dev libomp-22-dev libprotobuf-dev libxxhash-dev libzip-dev
  lld-22 llvm-22-dev llvm-22-tools make mlir-22-tools ninja-build nlohmann-json3-dev protobuf-compiler python3 python3-venv"
missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  root=""
  [ "$(id -u)" = 0 ] || root=sudo
  say "installing$missing"
  $root apt-get -qq update
  DEBIAN_FRONTEND=noninteractive $root apt-get -qq install -y --no-install-recommends $missing >/dev/null
fi

# 2. Python: the build tools, and the oracle that tests compare with.
mkdir -p "$deps"
if ! cmp -s tools/dev/requirements.txt "$deps/venv/requirements.txt"; then
  say "Python packages"
  [ -x "$deps/venv/bin/python" ] || python3 -m venv "$deps/venv"
  "$deps/venv/bin/pip" install -q --disable-pip-version-check -r tools/dev/requirements.txt
  cp tools/dev/requirements.txt "$deps/venv/requirements.txt"
fi

# 3. ONNX's C++ library, from PyPI's source distribution.
if [ ! -f "$deps/onnx/.version-$onnx_version" ]; then
  say "building ONNX $onnx_version (about 3 minutes)"
  work=$(mktemp -d "$deps/onnx-build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  "$deps/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary onnx -d "$work" "onnx==$onnx_version" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  tar -xf "$work/onnx-$onnx_version.tar.gz" -C "$work"
  "$deps/venv/bin/cmake" -S "$work/onnx-$onnx_version" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DONNX_USE_PROTOBUF_SHARED_LIBS=ON -DONNX_GEN_PB_TYPE_STUBS=OFF -DONNX_BUILD_TESTS=OFF \
    -DCMAKE_INSTALL_PREFIX="$deps/onnx" >"$work/log" 2>&1 &&
    "$deps/venv/bin/cmake" --build "$work/build" --target install >>"$work/log" 2>&1 || { tail -50 "$work/log" >&2; exit 1; }
  touch "$deps/onnx/.version-$onnx_version"
fi
say "ready"
