#!/usr/bin/env bash
# Fails when two object files of the rooms' libraries define one external symbol of namespace
# thermos. A static link takes whichever it meets first and says nothing, whatever the other one's
# type (the One Definition Rule asks for no diagnostic). Inline functions and templates, which nm
# calls weak, may stand in many files; a weak one beside a strong one may not.
#   tests/room_symbols.sh NM LIBRARY...
set -euo pipefail

nm=$1
shift
# -A: "LIBRARY:OBJECT:ADDRESS TYPE SYMBOL". Only mangled names tell an overload from a repetition.
defined=$("$nm" -A --defined-only --extern-only "$@")
breaches=$(awk '
  $NF ~ /7thermos/ {
    place = $1
    sub(/:[0-9a-f]*$/, "", place)
    places[$NF] = places[$NF] "\n    " place
    ++count[$NF]
    if ($(NF - 1) !~ /[WVu]/) strong[$NF] = 1
  }
  END {
    for (symbol in strong) if (count[symbol] > 1) print "  " symbol " is defined in" places[symbol]
  }' <<<"$defined" | c++filt)
if [ -n "$breaches" ]; then
  echo "Symbols with more than one definition; give each a name or a namespace of its own:"
  echo "$breaches"
  exit 1
fi
