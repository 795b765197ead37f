#include "reactor/commands/view_json.h"

#include "reactor/store/outlook_json.h"
#include "reactor/store/recorded_task.h"

namespace thermos {

Json view_json(const TaskView& view, const Paths& paths, Microseconds now) {
  Json json = Json::object();
  json["task_id"] = view.entry.id;
  if (!view.root.empty()) json["root"] = view.root;
  if (view.history) {
    json.update(history_json(*view.history));
    if (view.task) {
      add_outlook(json, *view.task, *view.history, now);
    } else if (const auto task = read_recorded_config(paths, view.entry.id, view.entry.directory)) {
      add_not_started(json, *task, *view.history);
    }
  } else {
    json["error"] = view.error;
  }
  if (view.disk) {
    json["disk"] = {{"stream", view.disk->stream}, {"logs", view.disk->logs}};
    if (view.disk->sandbox) json["disk"]["sandbox"] = *view.disk->sandbox;
  }
  return json;
}

}  // namespace thermos
