# shellcheck shell=bash disable=SC2154
# Rounds in turns and tables of them. Sourced by compare.sh.

rounds=${ROUNDS:-5}

# now: microseconds.
now() {
  local time=$EPOCHREALTIME
  echo "${time//[!0-9]/}"
}

# have PROGRAM
have() { command -v "$1" >/dev/null; }

# in_turns DIVISOR NAME...: each round runs try_NAME of all, the order turned by one each time, and
# notes how many microseconds each took, divided. A name whose try_ fails is noted as absent.
in_turns() {
  local divisor=$1 round name begin i
  shift
  local names=("$@")
  rm -f "$work"/times.*
  for ((round = 0; round < rounds; round++)); do
    for ((i = 0; i < ${#names[@]}; i++)); do
      name=${names[(i + round) % ${#names[@]}]}
      begin=$(now)
      if "try_$name" >"$work/output" 2>&1; then
        awk -v t="$(($(now) - begin))" -v d="$divisor" 'BEGIN { print t / d }' >>"$work/times.$name"
      elif [ "$round" -eq 0 ]; then
        echo "$name failed: $(tail -1 "$work/output")" >&2
      fi
    done
  done
}

# statistics FILE: its numbers' min, median and max.
statistics() {
  sort -g "$1" | awk '{ v[NR] = $1 } END { print v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# rows HEAD BASE TURNED NAME...: of what in_turns noted, NAME's times and what they are of BASE's; with
# TURNED 1, how many a second.
rows() {
  local head=$1 base=$2 turned=$3 name min median max bottom
  bottom=$(statistics "$work/times.$base" | cut -d' ' -f2)
  printf '%-28s %28s %10s\n' "" "$head (min/median/max)" "of $base"
  for name in "${@:4}"; do
    if [ ! -s "$work/times.$name" ]; then
      printf '%-28s %28s\n' "${name//_/ }" absent
      continue
    fi
    read -r min median max < <(statistics "$work/times.$name")
    awk -v n="${name//_/ }" -v a="$min" -v b="$median" -v c="$max" -v d="$bottom" -v t="$turned" '
      BEGIN {
        of_base = b / d
        if (t) { least = 1e6 / c; b = 1e6 / b; c = 1e6 / a; a = least; of_base = 1 / of_base }
        printf "%-28s %28s %10.2f\n", n, sprintf("%.0f/%.0f/%.0f", a, b, c), of_base
      }'
  done
}

# table UNIT BASE NAME...: times a step.
table() { rows "$1" "$2" 0 "${@:3}"; }

# rates BASE NAME...: how many a second, of BASE's rate.
rates() { rows "a second" "$1" 1 "${@:2}"; }

# exponent FILE: the slope of log y over log x of its lines "x y"; of one line there is none.
exponent() {
  awk '{ x = log($1); y = log($2); n++; sx += x; sy += y; sxx += x * x; sxy += x * y }
    END { if (n < 2) printf "-"; else printf "%.2f", (n * sxy - sx * sy) / (n * sxx - sx * sx) }' "$1"
}
