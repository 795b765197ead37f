#!/usr/bin/env bash
# Makes the packages in OUT (default build-package/packages): a .deb, a .tar.gz, and an SBOM (SPDX JSON) of what is
# linked into them. Checks the .deb with lintian where there is one. With --twice, builds everything a second time in
# another directory and fails if a byte differs.
#   reactor/packaging/package.sh [--twice] [OUT]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. reactor/packages.sh

twice=false
if [ "${1-}" = --twice ]; then
  twice=true
  shift
fi
install_packages "${build_packages[@]}" python3

# The time of the source, so that the time of the build is nowhere in the packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CMakeLists.txt)}
export SOURCE_DATE_EPOCH
# A cache may give objects that were compiled by another name of the same file.
export CCACHE_DISABLE=1

# build DIRECTORY
build() {
  echo "Building in $1"
  # Of the prefixes that fit, gcc takes the last: the directory of the build lies in that of the source.
  quietly cmake -S . -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DTHERMOS_UNITY=ON \
    -DCMAKE_CXX_FLAGS="-ffile-prefix-map=$PWD=. -ffile-prefix-map=$(realpath "$1")=build"
  quietly cmake --build "$1" -j "$(nproc)" \
    --target thermos thermos-reactor thermos-coordinator manuals completions -- --quiet
  rm -rf "$1/packages"
  quietly cpack --config "$1/CPackConfig.cmake" -B "$1/packages"
  rm -rf "$1/packages/_CPack_Packages"
}

build build-package
if $twice; then
  build build-package-again
  for package in build-package/packages/*; do
    cmp "$package" "build-package-again/packages/${package##*/}"
    echo "the same bytes twice: ${package##*/}"
  done
fi
python3 -B reactor/packaging/sbom.py build-package/bin >build-package/packages/thermos-reactor.spdx.json
if command -v lintian >/dev/null; then
  allow=()
  if [ "$(id -u)" -eq 0 ]; then allow=(--allow-root); fi
  lintian "${allow[@]}" --fail-on error build-package/packages/*.deb
fi

out=${1-build-package/packages}
if [ "$out" != build-package/packages ]; then
  mkdir -p "$out"
  cp build-package/packages/* "$out"
fi
ls -l "$out"
