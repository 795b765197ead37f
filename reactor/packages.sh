# shellcheck shell=bash
# The only list of the Debian 12 packages that building, testing and checking need. To be sourced.

# shellcheck disable=SC2034  # used by the scripts that source this
{
  build_packages=(g++ cmake ninja-build pkg-config capnproto libcapnp-dev libuv1-dev liburing-dev libspdlog-dev
    nlohmann-json3-dev libcli11-dev libsystemd-dev libyaml-cpp-dev libmicrohttpd-dev)
  test_packages=(libgtest-dev procps python3 jq e2fsprogs systemd systemd-container dbus libpam-systemd
    postgresql slurmctld slurmd slurm-client munge bindfs zsh fish chromium nodejs)
  # Other Node.js packages than Debian's bring their own npm, and refuse Debian's beside them.
  command -v npm >/dev/null || test_packages+=(npm)
  # libboost-dev: Thrift's headers include it, and Debian's libthrift-dev does not ask for it.
  bench_packages=(libbenchmark-dev libthrift-dev thrift-compiler libboost-dev)
  lint_packages=(clang-format-14 clang-tidy-14 shellcheck)
  coverage_packages=(gcovr)
  fuzz_packages=(clang-14 libclang-rt-14-dev)
}

# quietly COMMAND...: runs it, and shows its output only if it fails.
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

# install_packages PACKAGE...: installs those that are missing with apt.
install_packages() {
  local package missing=() as_root=()
  if ! command -v apt-get >/dev/null; then
    echo "There is no apt-get here; install what these packages of Debian 12 contain: $*"
    return 0
  fi
  for package in "$@"; do
    # A removed package, or one that another package only mentions, has the status "not-installed".
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
  # A new machine may be updating itself, so wait for apt's lock. "update" may fail for an unrelated
  # source; if that matters, the installation fails.
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=600)
  quietly "${as_root[@]}" update || true
  quietly "${as_root[@]}" install --no-install-recommends "${missing[@]}"
}
