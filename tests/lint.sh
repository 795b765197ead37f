#!/usr/bin/env bash
# Checks formatting, the scripts, forbidden calls, and runs clang-tidy.
#   tests/lint.sh [FILE.cc...]     clang-tidy only for these files; without arguments, for all
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" "${lint_packages[@]}"

rooms=(core capnp coordinator reactor bench tests)
mapfile -t code < <(find "${rooms[@]}" -name '*.h' -o -name '*.cc' | sort)
mapfile -t scripts < <(find "${rooms[@]}" -name '*.sh' | sort)
scripts+=(.ci/run)
failed=0

# absent WHY PATTERN FILE...: fails if a line of the files matches.
absent() {
  if grep -nE "\b($2) *\(" "${@:3}"; then
    echo "above: $1" >&2
    failed=1
  fi
}

echo "clang-format: ${#code[@]} files"
clang-format-14 --dry-run -Werror "${code[@]}" || failed=1

echo "shellcheck: ${#scripts[@]} files"
shellcheck -x "${scripts[@]}" || failed=1

echo "calls that must not be there"
absent "these reap behind the back of the one reaper" 'uv_spawn|popen|system' "${code[@]}"
mapfile -t tests < <(printf '%s\n' "${code[@]}" | grep '^tests/')
absent "a test waits for an event, not for a time" \
  'sleep_for|sleep_until|usleep|nanosleep|sleep' "${tests[@]}"

# The compile commands of the files, and the generated headers that they include.
build=$PWD/build-lint
cmake -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target thermos_schemas thermos_bench_thrift -- --quiet

# Most of the time goes into the headers that a file includes. So a dozen files of a folder and a target are put
# behind each other, and are checked as one, in a folder named like their room, for the room's .clang-tidy. A
# line of "map" names a unit and a file in it, and says how many lines of the unit are before it.
units=$build/units
rm -rf "$units"
for room in "${rooms[@]}"; do
  mkdir -p "$units/$room"
  if [ -e "$room/.clang-tidy" ]; then cp "$room/.clang-tidy" "$units/$room"; fi
done
wanted='[]'
if [ $# -gt 0 ]; then wanted=$(realpath "$@" | jq -R . | jq -s .); fi
jq --argjson wanted "$wanted" --arg units "$units" --arg directory "$build" --arg root "$PWD/" '
    [.[] | select(.file | endswith(".cc"))
      | select(($wanted | length) == 0 or (.file as $file | $wanted | index($file)))
      | {file, folder: (.file | sub("/[^/]*$"; "")), target: (.command | sub(".* -o "; "") | sub("\\.dir/.*"; "")),
         command: (.command | sub(" -o .*"; ""))}]
    | unique_by(.file) | group_by([.folder, .target, .command])
    | [.[] | . as $alike | range(0; length; 12) | $alike[.:. + 12]] | to_entries
    | map((.value[0].folder | ltrimstr($root) | split("/")) as $path
      | "\($units)/\($path[0])/\($path[-1])_\(.key).cc" as $unit
      | {directory: $directory, file: $unit, command: "\(.value[0].command) -c \($unit)",
         files: [.value[].file]})' "$build/compile_commands.json" >"$units/plan.json"
jq 'map(del(.files))' "$units/plan.json" >"$units/compile_commands.json"
jq -r '.[] | .file as $unit | .files[] | [$unit, .] | @tsv' "$units/plan.json" |
  awk -F '\t' -v map="$units/map" '{
    printf "%s\t%d\t%s\n", $1, lines[$1], $2 >map
    while ((getline line <$2) > 0) { print line >$1; ++lines[$1] }
    close($2)
  }'

echo "clang-tidy: $(wc -l <"$units/map") files"
tidy() {
  local found checks=()
  # The analyzer takes most of the time. It follows paths through code whose faults users would meet; a fault
  # of a test shows when the test runs.
  case ${1#"$units/"} in tests/* | bench/*) checks=(--checks=-clang-analyzer-*) ;; esac
  # Prints the output at once, and only for findings: for a clean unit clang-tidy prints what it suppressed.
  found=$(clang-tidy-14 --quiet -p "$units" "${checks[@]}" "$1" 2>&1) && return
  # A place in a unit is printed as the place in the file.
  awk -F '\t' -v unit="$1" 'NR == FNR { if ($1 == unit) { before[++files] = $2; names[files] = $3 }; next }
    index($0, unit ":") == 1 {
      rest = substr($0, length(unit) + 2)
      line = rest + 0
      for (i = files; before[i] >= line; i--) { }
      sub(/^[0-9]+/, line - before[i], rest)
      $0 = names[i] ":" rest
    }
    { print }' "$units/map" - <<<"$found"
  return 1
}
export -f tidy
export units
# The largest first, so that none is left running alone at the end.
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
find "$units" -name '*.cc' -printf '%s %p\0' | sort -z -rn | sed -z 's/^[0-9]* //' |
  xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' - || failed=1

if [ "$failed" -ne 0 ]; then
  echo "lint: something is not as it should be" >&2
  exit 1
fi
echo "lint: clean"
