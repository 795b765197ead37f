// The command schema.
#include <unistd.h>

#include "core/config/json_schema.h"
#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"

namespace thermos {
namespace {

constexpr std::string_view kSchemaHelp = R"(Usage: thermos schema

Prints a JSON Schema (draft 2020-12) of CONFIG files, with which an editor
completes and checks JSON and YAML.

  --root D, --log-level L, --no-color: see `thermos --help`
)";

}  // namespace

CommandOutcome schema_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("schema", kSchemaHelp, common);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if (!(*parsed)->empty()) {
    return Error{ErrorCode::Usage, "schema: unexpected argument '" + (*parsed)->front() + "'"};
  }
  Output out(STDOUT_FILENO);
  out.print(config::json_schema());
  return finish_output(out);
}

}  // namespace thermos
