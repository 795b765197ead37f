#!/usr/bin/env bash
# The Debian package under a real systemd: installed, upgraded and removed under a running task,
# installed again, and purged.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

command -v dpkg-deb >/dev/null || skip "no dpkg here"

# Puts the package into the box.
make_package() {
  local out=$THERMOS_BOX/packages
  flock "$BUILD/CMakeCache.txt" cpack --config "$BUILD/CPackConfig.cmake" -G DEB -B "$out" \
    -D CPACK_PACKAGE_VERSION=0.1.0 >"$THERMOS_BOX/cpack" 2>&1 || fail "cpack: $(cat "$THERMOS_BOX/cpack")"
  mv "$out/thermos-reactor_0.1.0_"*.deb "$THERMOS_BOX/share/0.1.0.deb"
}
# Puts the same beside it as a later version, without compressing all of it for as long again.
make_upgrade() {
  local tree=$THERMOS_BOX/upgrade
  dpkg-deb --raw-extract "$THERMOS_BOX/share/0.1.0.deb" "$tree"
  sed -i 's/^Version: 0\.1\.0$/Version: 0.1.1/' "$tree/DEBIAN/control"
  dpkg-deb -Zgzip -z1 --build "$tree" "$THERMOS_BOX/share/0.1.1.deb" >/dev/null
  is "the upgrade's version" 0.1.1 "$(dpkg-deb --field "$THERMOS_BOX/share/0.1.1.deb" Version)"
}
active() { is "the service" "$1" "$(box systemctl is-active thermos-reactor || true)"; }

make_package
make_upgrade
chmod 0777 "$THERMOS_BOX/share"
rm -f "$ROOT/usr/sbin/policy-rc.d"  # a container's base image may forbid that packages start services
boot

if command -v lintian >/dev/null; then
  step "lintian"
  lintian --allow-root --fail-on error "$THERMOS_BOX/share/0.1.0.deb" || fail "lintian has errors"
fi

step "the links of its documents"
docs=$THERMOS_BOX/upgrade/usr/share/doc/thermos-reactor
links=0
while IFS=: read -r document link; do
  [ -e "$docs/$(dirname "$document")/${link%%#*}" ] || fail "$document: the link $link leads nowhere"
  links=$((links + 1))
done < <(cd "$docs" && grep -roP --include='*.md' '\]\(\K(?!#|https?:)[^)]+' .)
[ "$links" -gt 20 ] || fail "only $links links were found"

step "the list of what is in it"
list=$(python3 -B "$(dirname "$(realpath "$0")")/../../reactor/packaging/sbom.py" "$BUILD/bin")
is "our version" "thermos-reactor 0.1.0" "$(jq -r '.packages[0] | "\(.name) \(.versionInfo)"' <<<"$list")"
for name in libcapnp-dev libuv1 libspdlog1.10 libyaml-cpp0.7 libmicrohttpd12 libc6; do
  jq -e --arg name "$name" '.packages[] | select(.name == $name) | .versionInfo' <<<"$list" >/dev/null ||
    fail "the list does not name $name"
done
for program in thermos thermos-reactor thermos-coordinator thermos-observe thermos-node; do
  is "the sum of $program" "$(sha256sum "$BUILD/bin/$program" | cut -d ' ' -f 1)" \
    "$(jq -r --arg name "./usr/bin/$program" '.files[] | select(.fileName == $name).checksums[0].checksumValue' <<<"$list")"
done

step "install"
box dpkg --install /box/0.1.0.deb >/dev/null 2>&1
active active
is "enabled" enabled "$(box systemctl is-enabled thermos-reactor)"
is "the observer" disabled "$(box systemctl is-enabled thermos-observe || true)"
is "socket" "660 root:thermos" "$(box stat -c '%a %U:%G' /run/thermos/reactor.sock)"
is "manual" "/usr/share/man/man1/thermos-run.1.gz" "$(box ls /usr/share/man/man1/thermos-run.1.gz)"

step "upgrade under a running task"
mkfifo -m 0666 "$THERMOS_BOX/share/gate"
cat >"$THERMOS_BOX/share/task.json" <<'END'
{"name": "task", "processes": [
  {"name": "work", "cmdline": "echo run >>/box/runs; read -r word <>/box/gate; echo $word"}]}
END
box thermos submit --task-id task /box/task.json >/dev/null
pid=$(event task '.process == "work" and .state == "RUNNING"' | jq .pid)
before=$(main_pid)
box dpkg --install /box/0.1.1.deb >/dev/null
active active
[ "$(main_pid)" != "$before" ] || fail "the daemon was not restarted"
box kill -0 "$pid" || fail "the upgrade ended what ran"
is "state" ACTIVE "$(box thermos status --json task | jq -r '.tasks[0].state')"

step "remove: what runs goes on, and is said"
said=$(box dpkg --remove thermos-reactor 2>&1)
grep -q "active tasks remain" <<<"$said" || fail "the removal does not say that a task is active: $said"
active inactive
box kill -0 "$pid" || fail "the removal ended what ran"

step "install again: the task goes on and ends well, having run once"
box dpkg --install /box/0.1.1.deb >/dev/null
active active
is "state" ACTIVE "$(box thermos status --json task | jq -r '.tasks[0].state')"
echo open >"$THERMOS_BOX/share/gate"
box thermos wait --timeout 120 task || fail "the task ended with status $?"
is "runs" 1 "$(wc -l <"$THERMOS_BOX/share/runs")"

step "purge"
box dpkg --purge thermos-reactor >/dev/null
[ ! -e "$ROOT/var/lib/thermos" ] || fail "the purge left $(box find /var/lib/thermos)"
left=$(box find /usr /etc /var/lib -xdev -name '*thermos*')
is "files left" "" "$left"
echo "all is well"
