# shellcheck shell=bash
# What Debian 12 must have to build, to test and to check the tree: said here and nowhere else.
# Sourced, not run.

# shellcheck disable=SC2034  # for those who source this
{
  build_packages=(g++ cmake ninja-build pkg-config capnproto libcapnp-dev libuv1-dev libspdlog-dev
    nlohmann-json3-dev libcli11-dev libsystemd-dev libyaml-cpp-dev)
  test_packages=(libgtest-dev procps python3 jq e2fsprogs systemd systemd-container dbus libpam-systemd)
  # libboost-dev: Thrift's headers include it, and Debian's libthrift-dev does not ask for it.
  bench_packages=(libbenchmark-dev libthrift-dev thrift-compiler libboost-dev)
  lint_packages=(clang-format-14 clang-tidy-14 shellcheck)
  fuzz_packages=(clang-14 libclang-rt-14-dev)
}

# quietly COMMAND...: its output is shown only when it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    echo "failed with exit status $status: $*" >&2
  fi
  rm -f "$log"
  return "$status"
}

# install_packages PACKAGE...: those that are missing, by apt.
install_packages() {
  local package missing=() as_root=()
  if ! command -v apt-get >/dev/null; then
    echo "There is no apt-get here; what these packages of Debian 12 hold must be there: $*"
    return 0
  fi
  for package in "$@"; do
    # One that was removed, or that another one only mentions, has an entry too: "not-installed".
    if ! dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
      missing+=("$package")
    fi
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "As root, run: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  # A new machine may be updating itself: wait for its lock. An update that fails, for a source that
  # has nothing to do with us, is no reason to stop: the installation will tell.
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=600)
  quietly "${as_root[@]}" update || true
  quietly "${as_root[@]}" install --no-install-recommends "${missing[@]}"
}
