#!/usr/bin/env bash
# Installs what is needed on a Debian 12, builds everything and runs every test. The last lines are
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
cmake --preset "$preset"
cmake --build --preset "$preset" -j "$(nproc)" -- --quiet

# Most tests wait for processes: a few more than there are processors keeps those busy.
export LC_ALL=C.UTF-8
ctest --preset "$preset" -j "$(($(nproc) + 1))" "$@"
