// The rules of what processes say of themselves.
#include <algorithm>

#include "broken.h"
#include "invariants.h"

namespace thermos::sim {
// What was said in the run that `p` has on record, in its coordinator's stream.
std::vector<const Streams::Written*> Invariants::said(ProcessIndex p, ReportKind kind) const {
  std::vector<const Streams::Written*> found;
  for (const Streams::Written& written : machine_.stream(p)) {
    const bool ours = written.report && written.report->run == oracle_.process(p).run;
    if (ours && written.report->kind == kind) found.push_back(&written);
  }
  return found;
}

// Whether the runner must have read what was written then. Without inotify it reads before it ends
// a run; on a machine that is no friend it may not be able to.
bool Invariants::must_be_known(const Moment& written) const {
  if (!script_.harsh.kind()) return false;
  if (!script_.inotify) return written.when < timeline_.now();
  return std::max(written.when, led_at_) + kNewsTakes < timeline_.now();
}

void Invariants::said_appended(ProcessIndex p, const ProcessReport& report) {
  const Oracle::Process& before = oracle_.process(p);
  Entry entry;
  entry.kind = Entry::Kind::Said;
  entry.written = machine_.moment();
  entry.process = p;
  entry.run = report.run;
  entry.said = report.kind;
  bool found = false;
  for (const Streams::Written* written : said(p, report.kind)) {
    if (!(*written->report == report)) continue;
    found = true;
    entry.happened = written->moment;
  }
  require(found, name(p) + ": on record as said by itself, and it said nothing");
  if (report.kind == ReportKind::Extended) {
    entry.until = machine_.true_time(report.until);
    require(!before.asked || before.asked->when <= entry.happened.when,
            name(p) + ": what it asked for later was forgotten");
  }
  if (report.kind == ReportKind::Stopping) {
    require(!before.stopping, name(p) + ": on record as stopping twice in one run");
  }
  record(entry);
}

// Whether the run may be ended for its `ready` or its `timeout`, as far as it asked for more time.
bool Invariants::asks_for_time(ProcessIndex p) const {
  const std::vector<const Streams::Written*> all = said(p, ReportKind::Extended);
  return std::any_of(all.begin(), all.end(), [this](const Streams::Written* written) {
    return must_be_known(written->moment) &&
           machine_.true_time(written->report->until) > timeline_.now();
  });
}

// It said so before its time was over, and the runner had the chance to know.
bool Invariants::said_ready(ProcessIndex p) const {
  const std::vector<const Streams::Written*> all = said(p, ReportKind::Ready);
  return std::any_of(all.begin(), all.end(), [this](const Streams::Written* written) {
    return must_be_known(written->moment);
  });
}

// All that is news comes on record.
void Invariants::check_said() const {
  if (!script_.inotify) return;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Oracle::Process& process = oracle_.process(p);
    if (!process.live || process.state != ProcessState::Running) continue;
    if (machine_.coordinator(p).phase != Machine::Phase::Running) continue;
    const auto late = [&](const Streams::Written* written) {
      return std::max({written->moment.when, led_at_, process.heard}) + kNewsTakes +
                 script_.harsh.slack <
             timeline_.now();
    };
    for (const Streams::Written* written : said(p, ReportKind::Extended)) {
      require(!late(written) || (process.asked && process.asked->when >= written->moment.when),
              name(p) + " asks for time, and it is not on record");
    }
    for (const Streams::Written* written : said(p, ReportKind::Status)) {
      require(!late(written) || (process.status && process.status->when >= written->moment.when),
              name(p) + ": its status is not on record");
    }
    for (const Streams::Written* written : said(p, ReportKind::Stopping)) {
      require(!late(written) || process.stopping, name(p) + " stops, and it is not on record");
    }
    const Boxed<Ready>& ready = script_.task.processes[p].ready;
    if (!ready || !ready->notify || process.ending) continue;
    if (!may_go_on(p, oracle_.task().deadline_low)) continue;
    for (const Streams::Written* written : said(p, ReportKind::Ready)) {
      require(!late(written) || process.ready, name(p) + " says READY=1, and nobody hears it");
    }
  }
}

}  // namespace thermos::sim
