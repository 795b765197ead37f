// Sequences of records that no sane runner writes, through the fold. The input is a program: each
// byte or few make one record. What must hold: a refused or repeated record changes nothing,
// would_apply() foretells apply(), numbers only rise, totals are those of the runs that ended, and
// the same records written to a stream and read back make an equal history.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "input.h"

namespace thermos {
namespace {

class Program {
 public:
  Program(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t at() const { return at_; }
  bool done() const { return at_ >= size_; }
  std::uint8_t byte() { return done() ? 0 : data_[at_++]; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

constexpr std::string_view kNames[] = {"a", "b", "c", "d"};

// A record that mostly fits what is known, so that the fuzzer gets deep, and sometimes not.
Record next_record(Program& program, const History& history) {
  const std::uint8_t what = program.byte();
  const std::string_view name = kNames[what & 3];
  const auto known = history.find(name);
  const ProcessHistory* process = known ? &history.process(*known) : nullptr;
  switch (what >> 5) {
    case 0: {
      RunnerHeader header;
      header.task_id = "t";
      header.uid = what & 1;
      return header;
    }
    case 1: {
      TaskStatus status;
      status.state = static_cast<TaskState>(program.byte() % kTaskStates);
      status.at.boot = static_cast<Microseconds>(program.at());  // time goes on
      status.boot.low = what & 3;
      if ((what & 4) != 0) status.reason = name;
      return status;
    }
    case 2: {
      const std::uint8_t how = program.byte();
      if ((how & 1) != 0) {
        ProcessOrder order;
        order.process = name;
        order.verb = static_cast<Verb>((how >> 1) % kVerbs);
        order.at.boot = how;
        order.deadline.boot = how + program.byte();
        order.revives = (how & 16) != 0;
        return order;
      }
      ProcessSummary summary;
      summary.process = name;
      summary.next_seq = program.byte();
      summary.next_run = program.byte();
      summary.totals.success = summary.next_run;
      // The far ends, where numbers wrap.
      if ((what & 4) != 0) summary.next_seq = ~std::uint64_t{0} - summary.next_seq;
      if ((what & 8) != 0) summary.next_run = ~std::uint32_t{0} - summary.next_run;
      if ((what & 16) != 0 && summary.next_run > 0) summary.first_failed = summary.next_run - 1;
      summary.started = (what & 32) != 0;
      return summary;
    }
    default: {
      ProcessStatus status;
      status.process = name;
      const std::uint8_t how = program.byte();
      status.state = static_cast<ProcessState>(how % kProcessStates);
      status.seq = process == nullptr ? 0 : process->next_seq;
      status.run = process == nullptr                                  ? 0
                   : starts_run(status.state) || process->runs.empty() ? process->next_run
                                                                       : process->current()->number;
      if ((what & 16) != 0) status.seq += static_cast<std::uint64_t>(program.byte()) - 128;
      if ((how & 0x80) != 0) status.run += static_cast<std::uint32_t>(program.byte()) - 128;
      status.origin = static_cast<Origin>(what % kOrigins);
      status.at.boot = how;
      status.boot.low = what;
      if (is_terminal(status.state)) status.return_code = how;
      return status;
    }
  }
}

void check(const ProcessHistory& process, std::uint64_t ended_before) {
  std::uint64_t ended = ended_before;
  for (std::size_t i = 0; i < process.runs.size(); ++i) {
    const Run& run = process.runs[i];
    if (is_terminal(run.state)) ++ended;
    require(i + 1 == process.runs.size() || is_terminal(run.state));
    require(i == 0 || run.number == process.runs[i - 1].number + 1);
    require(run.seq < process.next_seq);
  }
  require(process.totals.all() == ended);
  require(process.runs.empty() || process.next_run == process.runs.back().number + 1);
}

// What is forgotten is forgotten, but what is handed out adds up to the same.
void check_compaction(const History& history) {
  for (const std::size_t keep : {1, 2, 1000}) {
    History less = history;
    less.drop_old(keep);
    if (keep == 1000) require(less == history);
    History again;
    const Status given = less.rewrite([&](const Record& record) {
      const auto applied = again.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    });
    require(given.ok());
    require(again == less);
    for (const ProcessHistory& process : history.processes()) {
      const auto same = again.find(process.name);
      if (process.next_seq == 0) continue;
      require(same.has_value());
      require(again.process(*same).totals == process.totals);
      require(again.process(*same).next_seq == process.next_seq);
      require(again.process(*same).last_end == process.last_end);
    }
  }
}

void run(Program program) {
  History history;
  std::vector<std::byte> stream;
  std::uint32_t chain = 0;
  std::vector<std::size_t> frames;
  std::uint64_t summed[4] = {};
  // A history is compared whole at each step, so long inputs would cost their square.
  for (int steps = 0; !program.done() && steps < 200; ++steps) {
    const Record record = next_record(program, history);
    const auto* status = std::get_if<ProcessStatus>(&record);
    const bool foretold = status != nullptr && history.would_apply(*status);
    const History before = history;
    const auto applied = history.apply(record);
    const bool took = applied.ok() && *applied == History::Outcome::Applied;
    require(status == nullptr || foretold == took);
    if (took) {
      require(append_frame(record, chain, stream));
      frames.push_back(stream.size());
      if (const auto* summary = std::get_if<ProcessSummary>(&record)) {
        summed[summary->process.front() - 'a'] = summary->totals.all();
      }
      const auto again = history.apply(record);
      const bool order = std::holds_alternative<ProcessOrder>(record);
      require(again.ok() && (order || *again == History::Outcome::Repeat));
    } else {
      require(history == before);
    }
  }
  for (const ProcessHistory& process : history.processes()) {
    check(process, summed[process.name.front() - 'a']);
  }
  History replayed;
  std::size_t from = 0;
  for (const std::size_t to : frames) {
    const auto record =
        decode(Bytes(stream).subspan(from + kFrameHeaderBytes, to - from - kFrameHeaderBytes));
    require(record.ok());
    const auto applied = replayed.apply(*record);
    require(applied.ok() && *applied == History::Outcome::Applied);
    from = to;
  }
  require(replayed == history);
  check_compaction(history);
}

}  // namespace
}  // namespace thermos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thermos::run({data, size});
  return 0;
}
