#!/usr/bin/env bash
# Builds the fuzzers with clang and the address and undefined-behaviour sanitizers, and runs each from its
# corpus. New inputs stay in build-fuzz/corpus/ for the next run. The same seed gives the same inputs for the
# same source, so that a failure belongs to the change; SEED=0 takes a new seed at every start.
#   tests/fuzz.sh [SECONDS [FUZZER...]]     60 seconds of each; e.g. SEED=0 tests/fuzz.sh 600 stream_fuzz
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

seconds=${1-60}
fuzzers=("${@:2}")
if [ ${#fuzzers[@]} -eq 0 ]; then
  mapfile -t fuzzers < <(basename -s .cc -a tests/fuzz/*_fuzz.cc)
fi

install_packages "${build_packages[@]}" "${fuzz_packages[@]}"

build=$PWD/build-fuzz
quietly cmake -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++-14 \
  -DTHERMOS_FUZZERS=ON -DTHERMOS_UNITY=ON -DTHERMOS_SANITIZE=address,undefined
cmake --build "$build" -j "$(nproc)" --target "${fuzzers[@]}" -- --quiet

fuzz() {
  local fuzzer=$1 seconds=$2 build=$3 corpora=(tests/fuzz/corpus/"${1%_fuzz}")
  local corpus=$build/corpus/$fuzzer
  mkdir -p "$corpus"
  # The corpus of configurations includes the examples.
  if [ "$fuzzer" = config_fuzz ]; then corpora+=(reactor/examples); fi
  if [ ! -d "${corpora[0]}" ]; then corpora=(); fi
  if "$build/bin/$fuzzer" -max_total_time="$seconds" -timeout=30 -seed="${SEED-1}" -print_final_stats=1 \
    -artifact_prefix="$build/$fuzzer-" "$corpus" "${corpora[@]}" >"$build/$fuzzer.log" 2>&1; then
    printf '%s: %s\n' "$fuzzer" "$(grep -o 'Done .*' "$build/$fuzzer.log")"
  else
    tail -n 60 "$build/$fuzzer.log"
    printf '%s: failed; the input is in %s\n' "$fuzzer" "$build"
    return 1
  fi
}
export -f fuzz
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
printf '%s\0' "${fuzzers[@]}" |
  xargs -0 -n 1 -P "$(nproc)" bash -c 'fuzz "$3" "$1" "$2"' - "$seconds" "$build"
