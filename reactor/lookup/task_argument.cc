#include "reactor/lookup/task_argument.h"

#include <limits>

#include "core/base/text.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/recorded_chronicle.h"
#include "reactor/store/recorded_task.h"

namespace thermos {

Result<Paths> paths_of_task(const CommonOptions& common, const std::optional<std::string>& socket,
                            const std::string& word) {
  const std::string asked = asked_socket(socket, common);
  return asked.empty() ? root_of_task(common, word) : asked_paths(asked, common);
}

Result<TaskEntry> asked_task(const Paths& paths, const std::string& word) {
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  return one_task(*all, word, under({paths}));
}

Result<TaskConfig> asked_config(const Paths& paths, const TaskEntry& task) {
  auto config = read_recorded_config(paths, task.id, task.directory);
  if (config) return std::move(*config);
  const std::string path = paths.runner_stream(task.id);
  const auto stream = open_stream(path);
  const Result<bool> theirs =
      stream ? is_ancestor_stream(stream->get(), path) : Result<bool>(false);
  if (theirs && *theirs) {
    return Error{ErrorCode::Corrupt, "task " + task.id +
                                         " is one of Apache Thermos, whose configuration is not "
                                         "bound: `thermos --root NEW import " +
                                         paths.root() + " " + task.id + "` takes it over"};
  }
  return Error{ErrorCode::Corrupt, "task " + task.id + ": its configuration can't be read"};
}

Result<Chronicle> chronicle_at(const Paths& paths, const TaskEntry& task,
                               std::optional<Microseconds> at) {
  Result<Chronicle> chronicle = read_chronicle(paths, task.id, at);
  if (!chronicle) {
    const bool unborn = chronicle.error().code == ErrorCode::NotFound &&
                        task.directory == TaskDirectory::Active && !at;
    if (unborn) return Chronicle();
    return chronicle.error();
  }
  if (Status there = check_there(*chronicle, task, at); !there) return there.error();
  return chronicle;
}

Status check_there(const Chronicle& chronicle, const TaskEntry& task,
                   std::optional<Microseconds> at) {
  const auto& header = chronicle.history().header();
  if (!at || !header || header->launch_time <= *at) return Done{};
  return Error{ErrorCode::NotFound, task.id + " was not there at " + timestamp_text(*at) +
                                        ": it began at " + timestamp_text(header->launch_time)};
}

Result<std::uint32_t> parse_run(std::string_view option, std::string_view text) {
  const Result<std::uint64_t> number = parse_count(option, text);
  if (!number) return number.error();
  if (*number > std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::Usage,
                 std::string(option) + " " + std::string(text) + ": no run has such a number"};
  }
  return static_cast<std::uint32_t>(*number);
}

}  // namespace thermos
