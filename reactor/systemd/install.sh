#!/usr/bin/env bash
# Makes thermos-reactor a service of this machine: installs the packages that the build needs on Debian 12,
# builds the programs into build/, installs them under PREFIX (default /usr/local) and starts the service.
# Run it again to upgrade: it restarts the service, and tasks continue.
#   reactor/systemd/install.sh [PREFIX]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. reactor/packages.sh

prefix=${1-/usr/local}
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
if [ ! -d /run/systemd/system ]; then
  echo "This machine does not run systemd: build with reactor/quickstart.sh, and start" \
    "build/bin/thermos-reactor by whatever starts services here" >&2
  exit 1
fi

install_packages "${build_packages[@]}"
echo "Building the programs into $PWD/build (a few minutes the first time)"
quietly cmake --preset release -DBUILD_TESTING=OFF
cmake --build build -j "$(nproc)" \
  --target thermos thermos-reactor thermos-coordinator manuals completions -- --quiet

echo "Installing under $prefix"
quietly "${as_root[@]}" cmake --install build --prefix "$prefix"
quietly "${as_root[@]}" systemd-sysusers
quietly "${as_root[@]}" systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/thermos.conf"
quietly "${as_root[@]}" systemctl daemon-reload
quietly "${as_root[@]}" systemctl enable thermos-reactor
quietly "${as_root[@]}" systemctl restart thermos-reactor

systemctl --no-pager --lines 0 status thermos-reactor
cat <<END

Root submits tasks with \`thermos submit CONFIG\`. Other users may if they are in the group thermos:
  usermod --append --groups thermos NAME
\`thermos drill\` checks that a crash of the service loses no process.
END
