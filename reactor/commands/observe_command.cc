#include <unistd.h>

#include <cerrno>
#include <string>

#include "reactor/cli/observe_options.h"
#include "reactor/commands/commands.h"
#include "reactor/os/argument_pointers.h"
#include "reactor/os/errors.h"
#include "reactor/os/program_beside.h"

namespace thermos {

// The observer is a separate program, so that no other command has to load the HTTP library.
CommandOutcome observe_command(const Arguments& arguments, CommonOptions common) {
  Arguments words = arguments;
  // The options that were given before the command's name.
  const CommonOptions before = common;
  const auto options = parse_observe(arguments, common);
  if (!options) return options.error();
  if (!*options) return kExitDone;
  if (!before.root.empty() && common.root == before.root) {
    words.insert(words.begin(), {"--root", before.root});
  }
  words.insert(words.begin(), {"thermos-observe", "--log-level", common.log_level});
  const Result<std::string> program = program_beside(words.front());
  if (!program) return program.error();
  ::execv(program->c_str(), argument_pointers(words).data());
  return system_error("cannot run " + *program, errno);
}

}  // namespace thermos
