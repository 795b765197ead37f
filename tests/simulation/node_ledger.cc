#include "node_ledger.h"

#include "broken.h"
#include "node_surroundings.h"

namespace thermos::sim {
namespace {

bool is_lost(const History& record, const std::string& name, std::uint32_t number) {
  const auto slot = record.find(name);
  const Run* run = slot ? record.process(*slot).run(number) : nullptr;
  return run != nullptr && run->state == ProcessState::Lost && run->origin == Origin::NodeGone;
}

// Whether the file that `maker` makes is what its run wrote that is on record.
bool holds_what_succeeded(const NodeDisk& sandbox, const ProcessHistory& maker) {
  const NodeFile* file = sandbox.find(file_of(maker.name));
  const Run* run = maker.current();
  return file != nullptr && run != nullptr && run->state == ProcessState::Success &&
         file->bytes == bytes_of(maker.name, run->number);
}

}  // namespace

void NodeLedger::starts(ProcessIndex p, const std::string& node, std::uint32_t run,
                        const History* record) {
  const std::string& name = task_.processes[p].name;
  require(started_.insert({p, run}).second,
          name + ", run " + std::to_string(run) + " starts a second time");
  require(!runs(p, node), name + " starts where one of it still runs");
  // A launch that was on its way to a node when that was called gone is LOST.
  if (record != nullptr && !is_lost(*record, name, run)) {
    const auto slot = record->find(name);
    require(!slot || record->process(*slot).totals.success == 0,
            name + " has succeeded, and starts again");
    for (const auto& [other, number] : running_[p]) {
      require(is_lost(*record, name, number),
              name + " runs on " + other + ", which nobody called gone, and starts on " + node);
    }
  }
  running_[p][node] = run;
}

void NodeLedger::ends(ProcessIndex p, const std::string& node, bool success) {
  vanishes(p, node);
  if (success) ++succeeded_[p];
}

void NodeLedger::reads(ProcessIndex p, const NodeDisk& sandbox, std::uint32_t run,
                       const History* record) const {
  const ProcessConfig& process = task_.processes[p];
  if (record == nullptr || is_lost(*record, process.name, run)) return;
  for (const auto& [maker, condition] : process.needs.entries) {
    if (process.needs_files.empty()) continue;
    const auto slot = record->find(maker);
    require(slot && holds_what_succeeded(sandbox, record->process(*slot)),
            process.name + " starts without what " + maker + " has made");
  }
}

bool NodeLedger::runs(ProcessIndex p, const std::string& node) const {
  const auto found = running_.find(p);
  return found != running_.end() && found->second.contains(node);
}

void NodeLedger::check_end(const History& record, const NodeDisk& sandbox,
                           NodeOutcome& outcome) const {
  outcome.success = record.state() == TaskState::Success;
  require(outcome.success, "the task did not end as a success");
  for (const ProcessHistory& process : record.processes()) {
    require(process.totals.success == 1,
            process.name + " has not succeeded exactly once on record");
  }
  for (const ProcessConfig& process : task_.processes) {
    if (process.makes_files.empty()) continue;
    require(holds_what_succeeded(sandbox, record.process(*record.find(process.name))),
            "what " + process.name + " made is not in the leader's sandbox");
    ++outcome.files;
  }
  for (const auto& [p, times] : succeeded_) {
    const std::string& name = task_.processes[p].name;
    require(times <= 1 + record.process(*record.find(name)).totals.lost,
            name + " succeeded more often than its lost runs explain");
    outcome.repeats += times - 1;
  }
}

}  // namespace thermos::sim
