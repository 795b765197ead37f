// `thermos tail`: prints the ends of a task's logs and, with -f, everything appended until the task
// ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "reactor/cli/output.h"
#include "reactor/os/descriptor.h"
#include "reactor/show/record_follower.h"
#include "reactor/views/log_tail.h"
#include "reactor/views/taken_logs.h"

namespace thermos {

class TaskFollower {
 public:
  struct Wanted {
    std::string task_id;
    std::optional<std::string> process;  // nullopt: all processes
    std::optional<std::uint32_t> run;    // the run of each process; nullopt: the latest
    std::optional<Microseconds> since;   // show all runs that ran at or after this wall time
    std::array<bool, 2> streams = {true, true};  // stdout, stderr
    std::uint64_t lines = 10;                    // of both streams together
    bool follow = false;                         // follow() will be called
    std::size_t name_width = 0;                  // columns of the prefix; 0: no prefix
    FindTaken find_taken{};
    bool colour = false;  // colour stderr if both streams are shown
  };

  // `so_far` is the history when the command began. `records`, `so_far` and `out` outlive this.
  TaskFollower(RecordFollower& records, Wanted wanted, const History& so_far, Output& out);

  // Prints the last lines of each process's latest run, or of the wanted runs: first those of
  // stdout, then those of stderr, because the files do not record in which order the lines were
  // written.
  Status show_ends();
  // Continues after show_ends(): prints everything that is appended, in the order in which this
  // program reads it, until the task ends or the reader of `out` is gone.
  Status follow();

 private:
  struct Log {
    std::optional<LogTail> tail;
    int watch = -1;
    std::string line;  // with prefixes: the start of an unfinished line
  };
  struct Followed {
    std::string name;
    std::optional<std::uint32_t> run;  // the latest run whose logs were opened, or were missing
    std::array<Log, 2> logs;

    bool open() const { return logs[0].tail || logs[1].tail; }
  };
  using LogKey = std::pair<std::string, std::size_t>;  // process and stream

  bool wants(std::string_view process) const;
  Followed& followed(const std::string& process);
  Result<std::optional<LogPlace>> taken_place(const std::string& process, std::uint32_t run) const;
  Result<LogTail> find_log(const std::string& process, std::uint32_t run, std::size_t stream);
  Status open_logs(Followed& one, std::uint32_t run);
  Status seek_ends(Followed& one);
  Status watch_log(Followed& one, std::size_t stream);
  Status rewatch_log(Followed& one, std::size_t stream);
  Status close_logs(Followed& one);
  Status read_logs(Followed& one);
  Status read_log(Followed& one, std::size_t stream);
  void show(Followed& one, std::size_t stream, std::string_view bytes);
  void show_as_it_is(const Log& log, std::size_t stream, std::string_view bytes);
  void show_rest(Followed& one);
  std::string marked(std::size_t stream, std::string_view bytes) const;
  std::vector<std::uint32_t> runs_to_show(const ProcessHistory& process) const;
  Status show_run(Followed& one, std::uint32_t run, bool ended);
  Status advance(const ProcessHistory& process);
  Status catch_up();
  Result<bool> wait_for_events();
  Result<bool> take_events();

  RecordFollower& records_;
  Wanted wanted_;
  Output& out_;
  std::optional<RunnerHeader> header_;
  std::optional<FileOwner> reader_;
  const History* so_far_;
  Descriptor inotify_;
  std::map<std::string, Followed> followed_;
  std::unordered_map<int, LogKey> by_watch_;
  const Log* last_shown_ = nullptr;  // without prefixes: the log that was printed last
  bool line_open_ = false;           // whether that print ended without a newline
};

}  // namespace thermos
