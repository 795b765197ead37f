#!/usr/bin/env bash
# Installs the needed packages on Debian 12, builds everything and runs every test. The last lines are
# ctest's summary.
#   tests/run.sh [--release | --debug | --asan] [CTEST ARGUMENTS...]     e.g. --asan -R Planner
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

preset=release
case ${1-} in
  --release | --debug | --asan)
    preset=${1#--}
    shift
    ;;
esac

install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"

echo "Building: preset $preset"
cmake --preset "$preset" -DTHERMOS_UNITY=ON
cmake --build --preset "$preset" -j "$(nproc)" -- --quiet

# Most tests wait for processes, so run two more at a time than there are processors.
export LC_ALL=C.UTF-8
ctest --preset "$preset" -j "$(($(nproc) + 2))" "$@"
