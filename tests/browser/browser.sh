#!/usr/bin/env bash
# Runs a test of the observer's page in a real Chromium.
#   tests/browser/browser.sh BUILD_DIRECTORY SCRIPT [ARGUMENT...]
# Exit status 77 skips the test where there is no browser, Node.js or package.
#
# playwright-core and axe-core are the only packages, and need no others: a second, and 17 MB. They are
# fetched into the build directory, in the versions and with the checksums of package-lock.json.
# 1.60 is the last playwright-core that runs with the Node.js 18 of Debian 12. It brings no browser.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath "${1:?the build directory}")
script=$(realpath "${2:?the script}")
shift 2

skip() {
  echo "SKIPPED: $*"
  exit 77
}

chromium=${THERMOS_CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[ -n "$chromium" ] || skip "there is no Chromium (package chromium of Debian)"
command -v node >/dev/null || skip "there is no Node.js (package nodejs of Debian)"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || skip "Node.js is older than 18"

packages=$build/tests/browser
mkdir -p "$packages"
exec 9>"$packages/lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$packages/fetched"; then
  command -v npm >/dev/null || skip "there is no npm (package npm of Debian)"
  cp "$here"/package*.json "$packages"
  (cd "$packages" && npm ci --ignore-scripts --no-audit --no-fund) ||
    skip "npm can't get playwright-core and axe-core: is there no network?"
  cp "$here/package-lock.json" "$packages/fetched"
fi
exec 9>&-

THERMOS_BIN=$build/bin THERMOS_CHROMIUM=$chromium THERMOS_NODE_PACKAGES=$packages exec node "$script" "$@"
