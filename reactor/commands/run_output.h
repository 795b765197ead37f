// `thermos run --output`: what processes print, while they run, each line with the name in front.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/record/history.h"
#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/commands/transcript.h"
#include "reactor/host/reactor.h"
#include "reactor/loop/writable.h"
#include "reactor/views/log_tail.h"

namespace thermos {

// Reads the logs of runs while they grow (inotify). The files are the buffer: when nobody reads
// what is printed, they are read later, and no line is lost.
class RunOutput {
 public:
  // `out` is where the transcript prints. `terminal`: escape sequences, but for colours, are shown
  // and not obeyed. All arguments outlive this.
  RunOutput(const TaskConfig& task, Transcript& transcript, Output& out, bool terminal,
            bool colour);

  // The loop on which the task runs; nullptr when it ends.
  void enter(Reactor* reactor);
  // Shows the processes that run already, from their last lines on; for
  // Transcript::Settings::on_begin.
  void begin(const History& history);
  // A process changed its state; for Transcript::Settings::on_process.
  void on_process(const ProcessStatus& status, const History& history);
  // Goes on when the reader of what is printed takes more; for Transcript::Settings::on_backlog.
  void wait_for_reader();
  // Prints what is left. Blocks.
  void finish();

 private:
  struct Followed {
    std::string process;
    std::array<std::optional<LogTail>, 2> logs;  // stdout, stderr
    std::array<std::string, 2> line;             // the start of a line that has not ended yet
    int watch = -1;
    bool ended = false;
  };
  using Key = std::pair<std::string, std::uint32_t>;  // process and run

  void open(Followed& one, const RunnerHeader& header, std::uint32_t run);
  bool read(Followed& one, std::uint64_t most);
  void take(Followed& one, std::size_t stream, std::string_view bytes);
  void print(const Followed& one, std::string_view line);
  void pump(const Key& key);
  void go_on();
  void close(const Key& key);

  Transcript& transcript_;
  Output& out_;
  bool terminal_;
  bool colour_;
  Reactor* reactor_ = nullptr;
  std::size_t name_width_ = 0;  // 0: no prefix
  std::unordered_map<std::string_view, std::size_t> order_;
  std::unordered_set<std::string_view> shown_already_;  // whose coordinators print it
  std::map<Key, Followed> followed_;
  std::optional<Writable> writable_;  // `out_`, while text waits for its reader
  std::optional<WhileBusy> more_;     // a log was not read to its end
  std::string text_;                  // read and not printed yet
};

}  // namespace thermos
