# shellcheck shell=bash
# A box: systemd booted in a container over this machine's own root file system, with the build
# installed in it. Sourced by the tests beside this, after `set -euo pipefail`:
#   tests/systemd/NAME_test.sh BUILD_DIRECTORY
# Nothing outlives the test, however it ends: all of it is in a process namespace whose first
# process dies with the test, and on a file system in memory that only its mount namespace knows.

readonly kSkipped=77  # ctest's SKIP_RETURN_CODE

skip() {
  echo "SKIPPED: $*"
  exit "$kSkipped"
}

fail() {
  echo "FAILED: $*" >&2
  if [ "${LEADER:-0}" -ne 0 ]; then
    box journalctl --no-pager --unit thermos-reactor --lines 30 -o short-monotonic >&2 || true
  fi
  exit 1
}

step() { printf '== %s\n' "$*"; }

# is WHAT EXPECTED ACTUAL
is() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

if [ -z "${THERMOS_BOX-}" ]; then
  [ "$(id -u)" -eq 0 ] || skip "a container needs root"
  for program in systemd-nspawn unshare nsenter cmake; do
    command -v "$program" >/dev/null || skip "no $program here (tests/run.sh installs it)"
  done
  THERMOS_BOX=$(mktemp -d /tmp/thermos-box.XXXXXX)
  unshare --mount true 2>/dev/null || skip "no mount namespaces here"
  # A group of its own, so that boxes don't share nspawn's. Where there is cgroup2 only in the second place,
  # systemd's own hierarchy is the first.
  groups=()
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [ -e "$hierarchy/cgroup.procs" ]; then
      mkdir "$hierarchy/${THERMOS_BOX##*/}"
      groups+=("$hierarchy/${THERMOS_BOX##*/}")
    fi
  done
  [ ${#groups[@]} -gt 0 ] || skip "no cgroups here"
  export THERMOS_BOX
  # shellcheck disable=SC2317  # it is the trap's
  clean_up() {
    for group in "${groups[@]}"; do find "$group" -depth -type d -exec rmdir {} +; done
    rmdir "$THERMOS_BOX"
  }
  trap clean_up EXIT
  trap 'kill -KILL "$inside"; wait "$inside" || true; exit 1' INT TERM
  status=0
  # shellcheck disable=SC2016  # expanded by that shell
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
    bash -c 'for group in "${@:3}"; do echo 0 >"$group/cgroup.procs"; done; exec bash "$1" "$2"' - \
    "$0" "${1:?which build directory?}" "${groups[@]}" &
  inside=$!
  wait "$inside" || status=$?
  exit "$status"
fi

BUILD=$(realpath "$1")
ROOT=$THERMOS_BOX/root
LEADER=0
NSPAWN=0

make_root() {
  mount -t tmpfs -o mode=0755 box "$THERMOS_BOX"
  mkdir "$THERMOS_BOX"/{upper,work,root,share}
  mount -t overlay box -o "lowerdir=/,upperdir=$THERMOS_BOX/upper,workdir=$THERMOS_BOX/work" \
    "$ROOT" 2>/dev/null || skip "no overlay over / here"
  # What this machine starts, and who it is, is not the box's business.
  rm -rf "$ROOT"/etc/systemd/system/*.wants "$ROOT/etc/machine-id"
  rm -rf "$ROOT"/var/{lib/thermos,log/journal} "$ROOT/root/.local"
  mkdir -p "$ROOT/var/log/journal"
  : >"$ROOT/etc/machine-id"
  echo box >"$ROOT/etc/hostname"
  ln -s /dev/null "$ROOT/etc/systemd/system/console-getty.service"
  mkfifo "$THERMOS_BOX/share/up"
  cat >"$ROOT/etc/systemd/system/box-up.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo up >/box/up'
END
}

# Boots, and returns when all is up.
boot() {
  local word=""
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
    --private-network --machine=box --console=pipe --bind="$THERMOS_BOX/share:/box" \
    --directory="$ROOT" --boot systemd.unit=multi-user.target systemd.wants=box-up.service \
    </dev/null >"$THERMOS_BOX/console" 2>&1 &
  NSPAWN=$!
  # Opened for reading and writing, so that opening does not wait for the other end.
  exec 9<>"$THERMOS_BOX/share/up"
  read -r -t 120 -u 9 word || true
  if [ "$word" != up ]; then
    tail -n 30 "$THERMOS_BOX/console" >&2
    if ! kill -0 "$NSPAWN" 2>/dev/null; then skip "systemd-nspawn does not start here"; fi
    fail "the box does not come up"
  fi
  LEADER=$(cat "/proc/$NSPAWN/task/$NSPAWN/children")
  LEADER=${LEADER%% *}
}

box() {
  nsenter --target "$LEADER" --all env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 "$@"
}

box_as() {
  local user=$1
  shift
  box setpriv --reuid "$user" --regid "$user" --init-groups \
    env HOME="/home/$user" USER="$user" XDG_RUNTIME_DIR="/run/user/$(id_of "$user")" "$@"
}

id_of() { box id -u "$1"; }

# As `systemctl reboot` does: all is stopped, and it comes up again, with another boot id.
reboot_box() {
  local status=0
  box systemctl reboot
  wait "$NSPAWN" || status=$?
  is "the box's end" 133 "$status"  # "start me again"
  boot
}

power_off() {
  box systemctl poweroff
  wait "$NSPAWN"
}

main_pid() { box systemctl show -P MainPID thermos-reactor; }

# Waits for the first event of a task for which a condition of jq's holds, and prints it. Events of
# before count: what has happened is not waited for.
event() {
  local line=""
  read -r line < <(box thermos events -f --since 1 --json "$1" 2>/dev/null |
    jq --compact-output --unbuffered "select($2)") || true
  [ -n "$line" ] || fail "no event of $1 with $2"
  echo "$line"
}

# Installs the build as its README says.
install_build() {
  # One at a time: an install writes into the build first, and tests run side by side.
  DESTDIR=$ROOT flock "$BUILD/CMakeCache.txt" cmake --install "$BUILD" --prefix /usr >/dev/null
}

start_service() {
  box systemd-sysusers
  box systemd-tmpfiles --create /usr/lib/tmpfiles.d/thermos.conf
  box systemctl daemon-reload
  box systemctl enable --quiet --now thermos-reactor
}

make_root
