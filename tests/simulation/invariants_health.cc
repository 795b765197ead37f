// The rules of health.
#include <algorithm>

#include "broken.h"
#include "core/task/probe_question.h"
#include "invariants.h"

namespace thermos::sim {
void Invariants::asking(const Probe& probe) {
  const ProcessConfig& config = script_.task.processes[probe.process];
  require(!asking_of(config, probe.purpose).notify,
          name(probe.process) + " is asked, and says so itself");
  if (probe.purpose != Purpose::Healthy) return;
  const Oracle::Process& process = oracle_.process(probe.process);
  require(config.healthy.has_value(), name(probe.process) + ": its health is asked for nothing");
  const bool known = process.stopping && process.said_at != timeline_.now();
  require(!known || process.run != probe.run,
          name(probe.process) + ": its health is asked though it is stopping");
  if (process.live && process.run == probe.run) {
    require(process.state == ProcessState::Running && (!config.ready || process.ready),
            name(probe.process) + ": its health is asked before it is ready");
  }
  health_[probe.process].run = probe.run;
  health_[probe.process].since = timeline_.now();
}

void Invariants::health_appended(ProcessIndex p, const ProcessReport& report) {
  const Oracle::Process& before = oracle_.process(p);
  Answer& answer = health_[p].answer;
  const bool refusal = report.kind == ReportKind::Unhealthy;
  require(answer.run == report.run && answer.yes != refusal && !answer.counted,
          name(p) + ": an answer on record that nobody gave");
  require(refusal || before.refusals > 0, name(p) + ": healthy on record, and it was");
  require(!refusal || before.refusals + 1 < script_.task.processes[p].healthy->failures,
          name(p) + ": the refusal that fails it is a mere report");
  answer.counted = true;
  Entry entry;
  entry.kind = refusal ? Entry::Kind::Unhealthy : Entry::Kind::Healthy;
  entry.written = machine_.moment();
  entry.process = p;
  entry.run = report.run;
  record(entry);
}

// Whether the run of `p` may be ended because of what it answered, whoever led.
bool Invariants::unhealthy(ProcessIndex p) const {
  const Boxed<Healthy>& healthy = script_.task.processes[p].healthy;
  const Oracle::Process& process = oracle_.process(p);
  const auto known = health_.find(p);
  if (!healthy || known == health_.end()) return false;
  const Answer& answer = known->second.answer;
  return answer.run == process.run && !answer.yes && !answer.counted &&
         process.refusals + 1 == healthy->failures;
}

// Each refusal counts: it is on record, or the run is ending.
void Invariants::check_counted() const {
  const auto* answered = event_ == nullptr ? nullptr : std::get_if<ProbeAnswered>(event_);
  if (answered == nullptr || answered->purpose != Purpose::Healthy) return;
  const ProcessIndex p = answered->process;
  const Oracle::Process& process = oracle_.process(p);
  const bool live = process.live && process.run == answered->run &&
                    machine_.coordinator(p).phase == Machine::Phase::Running;
  if (!live || process.stopping || !may_go_on(p, oracle_.task().deadline_low)) return;
  const bool counted = health_.at(p).answer.counted;
  require(answered->yes ? process.refusals == 0 : counted, name(p) + ": its answer does not count");
}

void Invariants::check_health() const {
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const ProcessConfig& config = script_.task.processes[p];
    const Oracle::Process& process = oracle_.process(p);
    if (!config.healthy || !may_go_on(p, oracle_.task().deadline_low)) continue;
    if (machine_.coordinator(p).phase != Machine::Phase::Running || process.stopping) continue;
    if (process.state != ProcessState::Running || (config.ready && !process.ready)) continue;
    const auto known = health_.find(p);
    const Microseconds asked = known == health_.end() ? 0 : known->second.since;
    const Microseconds since = std::max({asked, process.heard, led_at_});
    require(timeline_.now() <= since + config.healthy->interval + config.healthy->timeout +
                                   kNewsTakes + script_.harsh.slack,
            name(p) + ": nobody asks for its health");
  }
}

}  // namespace thermos::sim
