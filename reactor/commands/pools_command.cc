// The command pools: what all tasks of the daemon share.
#include <unistd.h>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

constexpr std::string_view kPoolsHelp = R"(Usage: thermos pools [OPTIONS]

Shows the pools of the daemon, which the processes of all its tasks share: how
much there is of each, who has it, and who waits for it, in the order of asking.
Of other users' tasks only the amounts are shown.

  --json            {"pools":[{"pool","size","used","used_by","waiting"}]}; the
                    last two list {"task_id","process","amount"}
  --socket S        the daemon's socket
)";

std::string share_line(std::string_view what, const Json& share) {
  std::string text = "  " + std::string(what) + std::to_string(share.value("amount", 0U)) + "  ";
  if (!share.contains("task_id")) return text + "a task of another user\n";
  return text + printable(share.value("task_id", "?")) + "  " +
         printable(share.value("process", "?")) + "\n";
}

std::string pool_lines(const Json& pool) {
  std::string text = printable(pool.value("pool", "?")) + "  " +
                     std::to_string(pool.value("used", std::int64_t{0})) + " of " +
                     std::to_string(pool.value("size", 0U)) + " used\n";
  for (const Json& share : pool.value("used_by", Json::array())) text += share_line("uses ", share);
  for (const Json& share : pool.value("waiting", Json::array())) {
    text += share_line("waits for ", share);
  }
  const std::size_t left_out = pool.value("left_out", std::size_t{0});
  if (left_out > 0) text += "  and " + std::to_string(left_out) + " more\n";
  return text;
}

}  // namespace

CommandOutcome pools_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  bool json = false;
  OptionParser parser("pools", kPoolsHelp, common);
  parser.text("--socket", socket);
  parser.flag("--json", json);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if (!(*parsed)->empty()) {
    return Error{ErrorCode::Usage, "pools: unexpected argument '" + (*parsed)->front() + "'"};
  }
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  Json pools = Json::array();
  const Status asked = client->ask_all(control::AskPools{}, [&](const control::ReplyBody& reply) {
    const auto* pool = std::get_if<control::PoolText>(&reply);
    if (pool != nullptr) pools.push_back(Json::parse(pool->json));
  });
  if (!asked) return asked.error();
  Output out(STDOUT_FILENO);
  if (json) {
    Json all = Json::object();
    all["pools"] = std::move(pools);
    out.print(json_text(all));
    return finish_output(out);
  }
  for (const Json& pool : pools) out.print(pool_lines(pool));
  if (pools.empty()) out.print("the daemon has no pools\n");
  return finish_output(out);
}

}  // namespace thermos
