// `thermos run --output`: prints the output of processes while they run, each line with the
// process's name in front.
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
#include "reactor/host/reactor.h"
#include "reactor/loop/writable.h"
#include "reactor/show/transcript.h"
#include "reactor/views/log_tail.h"

namespace thermos {

// Reads the logs of runs while they grow (inotify). The files are the buffer: if the reader of this
// program's output is slow, they are read later, and no line is lost.
class RunOutput {
 public:
  // `out` is where the transcript prints. If `terminal`, escape sequences other than colours are
  // printed in a visible form. `task`, `transcript` and `out` outlive this.
  RunOutput(const TaskConfig& task, Transcript& transcript, Output& out, bool terminal,
            bool colour);

  // Sets the loop on which the task runs; nullptr when the loop ends.
  void enter(Reactor* reactor);
  // Starts to show the processes that are already running, from the last lines of their logs on.
  // Called by Transcript::Settings::on_begin.
  void begin(const History& history);
  // Handles a process's change of state. Called by Transcript::Settings::on_process.
  void on_process(const ProcessStatus& status, const History& history);
  // Continues when `out` can take more text. Called by Transcript::Settings::on_backlog.
  void wait_for_reader();
  // Prints the rest of all logs. Blocks.
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
  std::unordered_set<std::string_view> shown_already_;  // by their coordinators
  std::map<Key, Followed> followed_;
  std::optional<Writable> writable_;  // calls go_on() when out_ can take more text
  std::optional<WhileBusy> more_;     // calls go_on() while a log is not read to its end
  std::string text_;                  // text that was read and not printed yet
};

}  // namespace thermos
