// `thermos tail`: prints the ends of a task's logs and, with -f, everything appended until it ends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/commands/log_tail.h"
#include "reactor/commands/output.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

// Reads a runner's stream while it grows and while it is compacted.
class StreamFollower {
 public:
  explicit StreamFollower(std::string path) : path_(std::move(path)) {}

  // Applies new records to history(). Adds the indexes of the processes that they concern to
  // `touched`. Fails with NotFound if the stream was removed.
  Status read_on(std::set<std::uint32_t>& touched);
  const History& history() const { return history_; }

 private:
  Status reopen(std::uint64_t inode);

  std::string path_;
  Descriptor fd_;
  std::uint64_t inode_ = 0;
  StreamPosition position_;
  History history_;
};

class TaskFollower {
 public:
  struct Wanted {
    std::string task_id;
    std::optional<std::string> process;  // nullopt: all processes
    bool standard_error = false;
    std::uint64_t lines = 10;
    std::size_t name_width = 0;  // columns of the prefix; 0: no prefix
  };

  TaskFollower(const Paths& paths, Wanted wanted, const History& so_far, Output& out);

  // Prints the last lines of each process's latest run.
  Status show_ends();
  // Continues after show_ends(): prints everything that is appended, until the task ends or the
  // reader of `out` is gone.
  Status follow();

 private:
  struct Followed {
    std::string name;
    std::optional<std::uint32_t> run;  // the latest run whose log was opened, or was missing
    std::optional<LogTail> log;
    int watch = -1;
    std::string line;  // with prefixes: the start of a line whose end did not come yet
  };

  bool wants(std::string_view process) const;
  Followed& followed(const std::string& process);
  Result<LogTail> find_log(const std::string& process, std::uint32_t run);
  Status open_log(Followed& one, std::uint32_t run);
  Status watch_log(Followed& one);
  Status rewatch_log(Followed& one);
  Status close_log(Followed& one);
  Status read_log(Followed& one);
  void show(Followed& one, std::string_view bytes);
  void show_rest(Followed& one);
  Status advance(const ProcessHistory& process);
  Status catch_up();
  Result<bool> wait_for_events();
  Status take_events();

  Paths paths_;
  Wanted wanted_;
  Output& out_;
  StreamFollower stream_;
  std::optional<RunnerHeader> header_;
  std::optional<FileOwner> reader_;
  const History* so_far_;
  Descriptor inotify_;
  std::map<std::string, Followed> followed_;
  std::unordered_map<int, std::string> by_watch_;
};

}  // namespace thermos
