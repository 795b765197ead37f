#include "reactor/views/why_answer.h"

#include <cstddef>
#include <utility>

#include "core/explain/why.h"
#include "core/explain/why_task.h"
#include "core/task/check_task.h"
#include "reactor/configuration/configuration.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/store/log_directory.h"
#include "reactor/store/stream_lock.h"

namespace thermos {
namespace {

// The number of last lines that are shown of a run's output, and of the output of a run that is
// still running.
constexpr std::size_t kPrinted = 8;
constexpr std::size_t kPrintedOfRunning = 3;

LogEnd printed_by(const Answer& answer, const Situation& situation, const Paths& paths,
                  const std::string& id) {
  const auto& header = situation.history().header();
  if (!answer.output || !header) return {};
  const auto found = situation.history().find(answer.output->process);
  const Run* run = found ? situation.history().process(*found).run(answer.output->run) : nullptr;
  const bool ended = run != nullptr && is_terminal(run->state);
  return read_log_end(*header, log_reader_of(*header, owner_of(paths.runner_stream(id))),
                      answer.output->process, answer.output->run,
                      ended ? kPrinted : kPrintedOfRunning);
}

}  // namespace

Result<WhyAnswer> answer_why(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle,
                             const WhyQuestion& question) {
  const Result<TaskConfig> task = asked_config(paths, entry);
  if (!task) return task.error();
  const Result<Graph> graph = check_task(*task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  std::optional<bool> led;
  if (!question.at) {
    const Result<bool> locked = stream_is_locked(paths.runner_stream(entry.id));
    if (locked) led = *locked;
  }
  const Microseconds at = question.at.value_or(read_clocks().wall);
  const Situation situation(*task, *graph, chronicle, at, led);
  WhyAnswer made{{}, {}, at};
  if (question.process) {
    Result<Answer> found = why_process(situation, *question.process, question.run);
    if (!found) return found.error();
    made.answer = std::move(*found);
  } else {
    made.answer = why_task(situation);
  }
  made.printed = printed_by(made.answer, situation, paths, entry.id);
  return made;
}

}  // namespace thermos
