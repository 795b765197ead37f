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

# in_turns DIVISOR NAME...: where we stand, each round runs try_NAME of all, the order turned by one each time, and
# notes how many microseconds each took, divided. A name whose try_ fails is noted as absent.
in_turns() {
  local divisor=$1 round name begin i
  shift
  local names=("$@")
  rm -f "$notes/times.$place".*
  for ((round = 0; round < rounds; round++)); do
    for ((i = 0; i < ${#names[@]}; i++)); do
      name=${names[(i + round) % ${#names[@]}]}
      begin=$(now)
      if "try_$name" >"$notes/output" 2>&1; then
        awk -v t="$(($(now) - begin))" -v d="$divisor" 'BEGIN { print t / d }' \
          >>"$notes/times.$place.$name"
      elif [ "$round" -eq 0 ]; then
        echo "$name failed: $(tail -1 "$notes/output")" >&2
      fi
    done
  done
}

# statistics FILE: its numbers' min, median and max.
statistics() {
  sort -g "$1" | awk '{ v[NR] = $1 } END { print v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# median_of PLACE NAME
median_of() { statistics "$notes/times.$1.$2" | cut -d' ' -f2; }

# rows HEAD BASE TURNED NAME...: of what in_turns noted, for each place, NAME's times and what they
# are of BASE's; with TURNED 1, how many a second. Of a name that ends in _power, they are of
# BASE_power's if that was measured.
rows() {
  local head=$1 base=$2 turned=$3 name min median max bottom one line
  say_standing "${places[@]}"
  line=$(printf '%-20s' "")
  for one in "${places[@]}"; do line+=$(printf ' %22s %8s' "$one, $head" "of bare"); done
  echo "$line"
  for name in "${@:4}"; do
    line=$(printf '%-20s' "${name//_/ }")
    for one in "${places[@]}"; do
      if [ ! -s "$notes/times.$one.$name" ]; then
        line+=$(printf ' %22s %8s' absent "")
        continue
      fi
      bottom=$(median_of "$one" "$base")
      if [[ $name == *_power ]] && [ -s "$notes/times.$one.${base}_power" ]; then
        bottom=$(median_of "$one" "${base}_power")
      fi
      read -r min median max < <(statistics "$notes/times.$one.$name")
      line+=$(awk -v a="$min" -v b="$median" -v c="$max" -v d="$bottom" -v t="$turned" '
        BEGIN {
          of_base = b / d
          if (t) { least = 1e6 / c; b = 1e6 / b; c = 1e6 / a; a = least; of_base = 1 / of_base }
          printf " %22s %8.2f", sprintf("%.0f/%.0f/%.0f", a, b, c), of_base
        }')
    done
    echo "$line"
  done
  echo "(least/median/most of $rounds rounds)"
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
