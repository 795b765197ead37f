#include "reactor/cli/observe_options.h"

namespace thermos {
namespace {

constexpr std::string_view kObserveHelp = R"(Usage: thermos observe [OPTIONS]
       thermos observe --static FILE [OPTIONS] TASK_ID_REGEX...

Serves what is recorded of the tasks of a root over HTTP, to look at: tasks,
their graphs, why they are as they are, what they print, and their files, as
JSON and text, and each change as an event. It changes nothing and reads what
the caller may read, so it works with every other program dead. It prints its
URL and runs until Ctrl-C. API.md describes what it answers.

  --listen unix:PATH        at that socket, which only the caller can open
                            (default: /run/thermos-observe.sock for root,
                            $XDG_RUNTIME_DIR/thermos-observe.sock for others)
  --listen 127.0.0.1:PORT   at that port of this machine, for a browser; 0: a
                            free one. The URL holds a token: with it, others
                            on this machine can look as you can
  --static FILE             writes these tasks, with the last 64 kB of what each
                            run printed, as one page that needs no server, and
                            ends ("-": standard output). They are chosen as by
                            `thermos status`
  --root D, --log-level L, --no-color: see `thermos --help`
)";

}  // namespace

Result<std::optional<ObserveOptions>> parse_observe(const Arguments& arguments,
                                                    CommonOptions& common) {
  ObserveOptions options;
  OptionParser parser("observe", kObserveHelp, common);
  parser.text("--listen", options.listen);
  parser.text("--static", options.page);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return std::optional<ObserveOptions>();
  if (!options.page.empty()) {
    if (!options.listen.empty()) {
      return Error{ErrorCode::Usage, "observe: either --listen or --static"};
    }
    if ((*parsed)->empty()) {
      return Error{ErrorCode::Usage,
                   "observe: --static needs a TASK, as in: thermos observe --static task.html ID"};
    }
    options.tasks = **parsed;
  } else if (!(*parsed)->empty()) {
    return Error{ErrorCode::Usage, "observe: unexpected argument '" + (*parsed)->front() + "'"};
  }
  return std::optional(std::move(options));
}

}  // namespace thermos
