// The command drain.
#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_endings.h"
#include "reactor/control/control_client.h"

namespace thermos {
namespace {

constexpr std::string_view kDrainHelp = R"(Usage: thermos drain [OPTIONS]

Ends all tasks of the daemon, each by its own rules, and then the daemon. It
takes no new tasks meanwhile. Returns when all have ended.

  --wait SECONDS    for each task, instead of its finalization_wait
  --socket S        the daemon's socket
)";

}  // namespace

CommandOutcome drain_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  std::optional<std::string> wait;
  OptionParser parser("drain", kDrainHelp, common);
  parser.text("--socket", socket);
  parser.text("--wait", wait);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if (!(*parsed)->empty())
    return Error{ErrorCode::Usage, "drain: takes no argument: it ends all tasks"};
  auto seconds = seconds_if_given("--wait", wait);
  if (!seconds) return seconds.error();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  return print_ended(*client, control::AskDrain{*seconds});
}

}  // namespace thermos
