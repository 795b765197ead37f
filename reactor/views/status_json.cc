#include "reactor/views/status_json.h"

#include "reactor/store/outlook_json.h"
#include "reactor/store/recorded_task.h"

namespace thermos {
namespace {

// Makes the JSON of a view. `of_history` makes the part that comes from the history.
Json make(const TaskView& view, const Paths& paths, Microseconds now,
          Json (*of_history)(const History&)) {
  Json json = Json::object();
  json["task_id"] = view.entry.id;
  if (!view.root.empty()) json["root"] = view.root;
  if (view.history) {
    json.update(of_history(*view.history));
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

}  // namespace

Json view_json(const TaskView& view, const Paths& paths, Microseconds now) {
  return make(view, paths, now, history_json);
}

Json view_head_json(const TaskView& view, const Paths& paths, Microseconds now) {
  return make(view, paths, now, history_head_json);
}

}  // namespace thermos
