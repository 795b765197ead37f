#include "reactor/commands/commands.h"
#include "reactor/commands/python.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos config repl [FILE]

Opens Python with all loaded that a .thermos file may use: Process, Task,
order() and the rest. With FILE, that one is run first, and what it exports is
in the list `exported`.

Needs python3, 3.9 or newer. A file that thermos runs is shown by
`thermos inspect FILE`, as JSON by `thermos inspect --json FILE`.
)";

}  // namespace

CommandOutcome config_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("config", kHelp, common);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Arguments words = std::move(**parsed);
  if (words.empty() || words.front() != "repl" || words.size() > 2) {
    return Error{ErrorCode::Usage, words.empty() || words.front() != "repl"
                                       ? "config: there is `thermos config repl [FILE]`"
                                       : "config repl: one FILE at a time"};
  }
  words.erase(words.begin());
  return become_repl(words);
}

}  // namespace thermos
