#include "reactor/store/replacement_file.h"

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "core/config/load.h"
#include "core/config/to_json.h"
#include "reactor/os/files.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

using Names = std::vector<std::string>;

}  // namespace

Status write_replacement(const Paths& paths, std::string_view task_id,
                         const PendingReplacement& pending) {
  Json json;
  json["reason"] = pending.record.reason;
  json["changed"] = pending.record.changed;
  json["added"] = pending.record.added;
  json["removed"] = pending.record.removed;
  // Stored as a string, because the reader of configurations reads it.
  json["task"] = config::to_json(pending.task, -1);
  const std::string path = paths.replacement(task_id, pending.record.generation);
  auto placed = place_file(path, json_text(json), paths.checkpoint_dir(task_id) + "/task", true);
  if (placed) placed = sync_directory(paths.checkpoint_dir(task_id));
  if (!placed) unlink(path.c_str());
  return placed;
}

Result<std::optional<PendingReplacement>> read_replacement(const Paths& paths,
                                                           std::string_view task_id,
                                                           std::uint32_t generation) {
  const std::string path = paths.replacement(task_id, generation);
  if (!exists(path)) return std::optional<PendingReplacement>();
  const auto text = read_file(path);
  if (!text) return text.error();
  const Json json = Json::parse(*text, nullptr, false);
  const auto damaged = [&path](const std::string& why) {
    return Error{ErrorCode::Corrupt,
                 path + ": " + why + "; remove it to go on with the configuration as it was"};
  };
  if (!json.is_object()) return damaged("no replacement of a configuration");
  PendingReplacement pending;
  pending.record.generation = generation;
  try {
    pending.record.reason = json.at("reason").get<std::string>();
    pending.record.changed = json.at("changed").get<Names>();
    pending.record.added = json.at("added").get<Names>();
    pending.record.removed = json.at("removed").get<Names>();
    auto task = config::load_bound(json.at("task").get<std::string>(), path);
    if (!task) return damaged(task.error().message);
    pending.task = std::move(*task);
  } catch (const Json::exception& error) {
    return damaged(error.what());
  }
  return std::optional(std::move(pending));
}

void remove_replacement(const Paths& paths, std::string_view task_id, std::uint32_t generation) {
  unlink(paths.replacement(task_id, generation).c_str());
}

}  // namespace thermos
