# shellcheck shell=bash
# Shared by the tests with podman: a store of the test's own, and an image with little more than thermos in it.
# To be sourced, with the build directory as the first argument.
# Without a systemd, podman wants one kind of control groups alone.
if [ "$(id -u)" -eq 0 ] && [ -z "${THERMOS_TEST_MOUNTS-}" ] && [ -d /sys/fs/cgroup/unified ]; then
  THERMOS_TEST_MOUNTS=own exec unshare --mount "$0" "$@"
fi
[ -z "${THERMOS_TEST_MOUNTS-}" ] || umount -l /sys/fs/cgroup/unified 2>/dev/null || true
# shellcheck source-path=SCRIPTDIR source=../engine.sh
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../engine.sh"
needs podman podman

store=(--root "$cluster/store" --runroot "$cluster/run" --storage-driver vfs --cgroup-manager cgroupfs
  --events-backend file)
# What podman keeps for a user, the process among it that holds their namespaces between commands.
export HOME=$cluster/home XDG_RUNTIME_DIR=$cluster/user
mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
pod() { podman "${store[@]}" "$@"; }
# inside COMMAND...: as who owns the volume: for a user other than root, the container's users are others.
inside() { if [ "$(id -u)" -eq 0 ]; then "$@"; else pod unshare "$@"; fi; }
remove_store() {
  pod rm -fa -t 0 >/dev/null 2>&1 || true
  inside rm -rf "$cluster/store" 2>/dev/null || true
  if [ "$(id -u)" -ne 0 ]; then pod system migrate >/dev/null 2>&1 || true; fi
}
trap 'remove_store; remove_cluster' EXIT

# make_image PROGRAM...: the image `task`, by the Containerfile's lines on standard input. Its directory `image` has
# bash, thermos, what the task runs, and the libraries of all of them; no other file. Sets `limits`, the options that
# a container needs here.
make_image() {
  local image=$cluster/image program file library
  mkdir -p "$image"/{bin,usr/bin,tmp,proc,sys,dev,etc}
  for program in bash "$@"; do cp "$(command -v "$program")" "$image/bin"; done
  cp "$bin"/thermos{,-coordinator,-node} "$image/usr/bin"
  for file in "$image"/bin/* "$image"/usr/bin/thermos{,-node}; do
    ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do cp -L --parents "$library" "$image"; done
  done
  cat >"$cluster/Containerfile"
  pod build -q -t task -f "$cluster/Containerfile" "$cluster" >"$cluster/log/build" 2>&1 || {
    echo "skipped: podman builds no image here:"
    cat "$cluster/log/build"
    exit 77
  }
  # Where one may do no more, fewer of podman's usual limits and no control groups.
  limits=()
  version || {
    cp "$cluster/log/version" "$cluster/log/usual"
    limits=(--cgroups disabled --ulimit "nofile=1024:1024" --ulimit "nproc=1024:1024")
    version || {
      echo "skipped: podman runs no container here:"
      cat "$cluster/log/usual" "$cluster/log/version"
      exit 77
    }
  }
}
version() {
  pod run --rm --network none "${limits[@]}" --entrypoint /usr/bin/thermos task --version >"$cluster/log/version" 2>&1
}
