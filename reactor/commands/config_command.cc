#include "reactor/commands/commands.h"
#include "reactor/configuration/python.h"

namespace thermos {
namespace {

constexpr std::string_view kConfigHelp = R"(Usage: thermos config repl [FILE...]

Opens a Python prompt with the names that .thermos files use: Process, Task,
order() and the others. Runs each FILE first; the list `exported` has the
tasks that they export.

Needs python3, 3.9 or newer. `thermos inspect FILE` shows the task that a file
makes, `thermos inspect --json FILE` shows it as JSON.
)";

}  // namespace

CommandOutcome config_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("config", kConfigHelp, common);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Arguments words = std::move(**parsed);
  if (words.empty() || words.front() != "repl") {
    return Error{ErrorCode::Usage,
                 "config: the only subcommand is `thermos config repl [FILE...]`"};
  }
  words.erase(words.begin());
  return become_repl(words);
}

}  // namespace thermos
