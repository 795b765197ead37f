#!/bin/bash
# Shows that the simulator finds faults: builds mutants of coordinator_link*.cc, runner_yield.cc,
# node_link.cc, runner_nodes.cc, node_claim_rule.cc and replacing.cc in core/runner/, and of
# core/record/sole_writer.h, each with one thing made wrong, and runs the simulation on each. Fails unless
# every one is found.
#
#   tests/simulation/mutants.sh [NAME...]    all, or those named
#   tests/simulation/mutants.sh --check      only whether each still finds what it is to change
#
# The mutants are built from a copy of the sources in $MUTANTS_DIR (default: build-mutants beside
# the sources), which is kept for the next time.
set -euo pipefail

source=$(cd "$(dirname "$0")/../.." && pwd)
dir=${MUTANTS_DIR:-$source/build-mutants}

# What it breaks, and how (sed).
yields=(
  'what runs when a task yields counts|/^void Runner::yield(/,/^}/s/  append(order, true);//'
  'what the engine ended first counts|s/  order.at = later(now_, -self_.hold);/  order.at = now_;/'
  'an end does not wait for the engine|s/  held_back_.push_back(.*/  return false;/'
  'a task that yields starts what waits|s/^void Runner::advance_yielding() {/&\n  schedule(regular_);/'
  'a task that yields tells nobody|s/^    stop(p, false);/    static_cast<void>(p);/'
  'a leader stands down at once|s/  if (launches_.any_live()) return;/  static_cast<void>(over);/'
  'no kill follows a yield|s/  if (over || now_.boot >= \*yield_by_) stop_all(true);/  if (over) stop_all(true);/'
  'a second request gives more time|s/yield_by_ = std::min(\*yield_by_, by);/yield_by_ = by;/'
  'time that is not there is taken|s/return time && time_until_ .*/return false;/'
)
node_links=(
  'what ran on a node that was gone runs on beside others|s/  if (gone_) {/  if (false) {/'
  'a pipe that ended is forgotten|/::on(const node::Ended/,/^}/s/    add(node::AskEngine{});//'
  'a node that is gone is tried no more|/::on(const node::EngineSaid/,/^}/s/  rest();//'
  'what an engine says of a node is not told|/::call_gone/,/^}/s/  add(node::TellGone{reason});//'
)
node_runs=(
  'a launch that a gone node may have is made elsewhere|/::on(const NodeGone/,/^}/s/    if (!is_on(p, event.node)) continue;/    if (!is_on(p, event.node) || past(p).current()->state == ProcessState::Waiting) continue;/'
  'what ran on a node that is gone is waited for|/::on(const NodeGone/,/^}/s/append_process(p, .*/static_cast<void>(p);/;/::on(const NodeGone/,/^}/s/if (!error_) ended(p);//'
  'a place is not on record|/::place()/,/^}/s/         true);/         true); effects_.pop_back();/'
  'a run is launched wherever there is room|/::launch(/,/^}/s/ \&\& !run.node/ || run.node/'
)
claims=(
  'a server takes a node from that of a later leader|s/  if (written \&\& written->lead > ours.lead) return .*//'
  'nobody is told to give a node up|s/verdict{ClaimVerdict::Step::Wait, locker}/verdict{ClaimVerdict::Step::Wait, std::nullopt}/;s/  if (!locker \&\& written .*//'
  'a node is taken that another server has|s/  if (!locked) return/  if (!locked || locker) return/'
  'the number of a leader is the time of its clock|s/number = std::max(number, .*/static_cast<void>(number);/'
)
writers=(
  'a record is written behind that of another leader|s/return size != left .*/return size < left \&\& !named;/'
)
replacings=(
  'a configuration is replaced while what it changes runs|s/  if (!over || !facts.idle) return Act::Wait;/  if (!facts.idle) return Act::Wait;/'
  'the configuration of a task that ends is replaced|s/  if (runner.state() != TaskState::Active) return Act::CallOff;//'
  'a task that yields goes on with another configuration|s/  if (runner.yields()) return Act::Wait;.*//'
  'what a replacement stops is stopped once alone|s/  if (!to_stop_.empty()) return Act::Stop;/  if (!to_stop_.empty() \&\& !over) return Act::Stop;/'
)
mutants=(
  'a free lock is taken for a held one|s/if (as<link::LockIs>(event).lock == link::Lock::Free) {/if (as<link::LockIs>(event).lock == link::Lock::Unknown \&\& false) {/'
  'no answer about a lock is taken for a free one|s/if (as<link::LockIs>(event).lock == link::Lock::Free) {/if (as<link::LockIs>(event).lock != link::Lock::Held) {/'
  'the fork server'\''s death is ignored|s/row<ServerDied>(t, S::Sent, &Link::server_died)/row<ServerDied>(t, S::Sent, \&Link::ignore)/'
  'the next run does not wait for the coordinator|s/row<Start>(t, S::Ours, &Link::defer)/row<Start>(t, S::Ours, \&Link::start)/'
  'the next run is forgotten|s/if (next) begin(\*next);/static_cast<void>(next);/'
  'last words are not read|s/add(link::Read{ours_ ? Origin::Recorded : Origin::FoundAtResume});/last_words_read(link::ReadDone{});/'
  'last words that could not be read are given up|/::last_words_read/,/^}/s/if (as<link::ReadDone>(event).starved) {/if (false) {/'
  'a clone that failed is not told|s/if (answer.pid == 0) {/if (false) {/'
  'an answer of an earlier launch is taken|s/return answered->clone != clones_ ||/return/'
  'a child that was reaped before is waited for|s/row<NoSuchChild>(t, S::Ours, &Link::child_gone)/row<NoSuchChild>(t, S::Ours, \&Link::ignore)/'
  'who gets no pidfd does not ask the lock|/::pidfd_refused/,/^}/s/add(link::AskLock{});//'
  'a lock that was held is not asked again|/::lock_is/,/^}/s/    look_again();//'
  'who does not die by force is not killed|s/if (known_.live && known_.run == run_) add(link::Send{coordinator_, link::Signal::Kill});//'
  'a fork server that does not answer stays|s/add(link::ReplaceServer{});//'
  'a stop that nobody heard is not followed up|s/if (unheard_stop_ \&\& !notified_) look_again();//'
  'pids of another boot are believed|/::is_of_another_boot/,/^}/s/return .*/return false;/'
  'a held lock is no news at a launch|/::lock_busy/,/^}/s/begin_adopting(false);/to_idle();/'
)

# Sets `changed` to the one of these files that the sed script changes.
find_changed() {
  local script=$1 file
  shift
  for file in "$@"; do
    changed=$file
    sed "$script" "$source/$file" | cmp -s - "$source/$file" || return 0
  done
  return 1
}

wanted() {
  [[ $# -eq 1 ]] && return 0
  local name=$1 one
  shift
  for one in "$@"; do [[ $one == "$name" ]] && return 0; done
  return 1
}

# The first failure of those tests: "TEST, seed N: RULE". Nothing: all pass.
failure() {
  THERMOS_LONG_TESTS=1 timeout 900 "$dir/build/bin/simulation_tests" --gtest_fail_fast --gtest_filter="$1" >"$dir/out" 2>&1 && return
  awk '/^\[ RUN/ && seed == "" {test = $4}
       /^seed / {seed = $0}
       seed != "" && !/^seed / && !/^  / && rule == "" {rule = $0}
       END {if (seed == "") {seed = "no seed"; rule = "see the output"} print test ", " seed ": " rule}' \
    "$dir/out"
}

prepare() {
  rm -rf "${dir:?}/source" # what was removed must not be built
  mkdir -p "$dir/source"
  tar -C "$source" --exclude='./build*' --exclude=./.git -cf - . | tar -C "$dir/source" -xf -
  if [[ ! -f $dir/build/build.ninja ]]; then
    # A mutant may leave something unused.
    cmake -S "$dir/source" -B "$dir/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_CXX_FLAGS='-Wno-error=unused-parameter -Wno-error=unused-variable' >"$dir/log" ||
      { cat "$dir/log"; exit 1; }
  fi
}

survivors=0
# Tries a mutant of the files in $1, unless others are named.
try() {
  local files mutant=$2 name=${2%%|*} changed found
  read -ra files <<<"$1"
  shift 2
  [[ -n $check ]] || wanted "$name" "$@" || return 0
  if ! find_changed "${mutant#*|}" "${files[@]}"; then
    echo "$name: the source has nothing to change like that" >&2
    exit 1
  fi
  [[ -z $check ]] || return 0
  changed=$dir/source/$changed
  cp "$changed" "$dir/original.cc"
  sed -i "${mutant#*|}" "$changed"
  ninja -C "$dir/build" simulation_tests >"$dir/log" 2>&1 || { tail -30 "$dir/log"; exit 1; }
  cp "$dir/original.cc" "$changed"
  found=$(failure 'Harsh*:Simulation*:NodeSimulation*')
  [[ -n $found ]] || found=$(failure '*CrashSimulation*')
  if [[ -n $found ]]; then
    printf '%-52s found by %s\n' "$name" "$found"
  else
    printf '%-52s SURVIVES\n' "$name"
    survivors=$((survivors + 1))
  fi
}

check=
if [[ ${1-} == --check ]]; then check=yes; else prepare; fi
link=core/runner/coordinator_link
for mutant in "${mutants[@]}"; do try "$link.cc ${link}_adopt.cc ${link}_launch.cc" "$mutant" "$@"; done
for mutant in "${yields[@]}"; do try core/runner/runner_yield.cc "$mutant" "$@"; done
for mutant in "${node_links[@]}"; do try core/runner/node_link.cc "$mutant" "$@"; done
for mutant in "${node_runs[@]}"; do try core/runner/runner_nodes.cc "$mutant" "$@"; done
for mutant in "${claims[@]}"; do try core/runner/node_claim_rule.cc "$mutant" "$@"; done
for mutant in "${writers[@]}"; do try core/record/sole_writer.h "$mutant" "$@"; done
for mutant in "${replacings[@]}"; do try core/runner/replacing.cc "$mutant" "$@"; done
exit $((survivors > 0))
