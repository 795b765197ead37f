#!/usr/bin/env bash
# A task over nodes that are reached by ssh: an sshd of the test's own, on the loopback, under two names.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../engine.sh
. "$(dirname "$(realpath "$0")")/../engine.sh"
needs "openssh-server openssh-client" sshd ssh ssh-keygen

port=$((20000 + $$ % 20000))
ssh-keygen -q -t ed25519 -N '' -f "$cluster/host"
ssh-keygen -q -t ed25519 -N '' -f "$cluster/key"
cp "$cluster/key.pub" "$cluster/authorized"
# The rights of the directory above, in /tmp, are none of our making.
cat >"$cluster/sshd_config" <<END
Port $port
ListenAddress 127.0.0.1
HostKey $cluster/host
AuthorizedKeysFile $cluster/authorized
PidFile $cluster/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
END
cat >"$cluster/ssh_config" <<END
Host one two
  HostName 127.0.0.1
  Port $port
  IdentityFile $cluster/key
  UserKnownHostsFile $cluster/known
  StrictHostKeyChecking no
  LogLevel ERROR
END
# ssh looks for its configuration in the home of the user's entry, wherever HOME is: so a word in front.
mkdir "$cluster/bin"
printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v ssh)" "$cluster/ssh_config" >"$cluster/bin/ssh"
chmod +x "$cluster/bin/ssh"
PATH=$cluster/bin:$PATH
[ -d /run/sshd ] || mkdir -p /run/sshd 2>/dev/null || true
"$(command -v sshd)" -f "$cluster/sshd_config" -E "$cluster/log/sshd"
finish() {
  pkill -9 -F "$cluster/sshd.pid" 2>/dev/null || true
  remove_cluster
}
trap finish EXIT
until_true 20 ssh one true || {
  echo "skipped: sshd does not run here:"
  cat "$cluster/log/sshd"
  exit 77
}

step "a graph over two nodes by ssh"
cat >"$cluster/graph.yaml" <<END
name: graph
processes:
  - {name: here, on: each, cmdline: "echo \$THERMOS_NODE >>$cluster/ledger"}
  - {name: slow, on: two, needs: [here], cmdline: "touch $cluster/runs; until [ -e $cluster/go ]; do sleep 0.1; done; echo slow >>$cluster/ledger"}
END
thermos run --nodes ssh:one,two --root "$root" --sandbox "$sandbox" --task-id t "$cluster/graph.yaml" >"$cluster/log/first" 2>&1 &
leader=$!
until_true 60 test -e "$cluster/runs" || fail "it does not begin"

step "every connection is cut, and then the leader dies"
pkill -9 -f "ssh_config.*thermos-coordinator"
until_true 60 grep -q "can't be reached" "$cluster/log/first" || fail "nobody saw it"
kill -9 "$leader"
wait "$leader" || true
thermos run --nodes ssh:one,two --root "$root" --sandbox "$sandbox" --task-id t "$cluster/graph.yaml" >"$cluster/log/second" 2>&1 &
leader=$!
until_true 60 grep -qs ACTIVE "$cluster/log/second" || true
touch "$cluster/go"
wait "$leader" || fail "it ended with $?"
is "what ran" "one slow two" "$(sort "$cluster/ledger" | xargs)"
is "runs of slow" 1 "$(task t | jq '.processes.slow | length')"

echo "passed"
