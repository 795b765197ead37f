#include "reactor/store/outlook_json.h"

#include <utility>

#include "core/runner/outlook.h"

namespace thermos {

void add_outlook(Json& json, const TaskConfig& task, const History& history, Microseconds now) {
  if (history.state() != TaskState::Active) return;
  // Appended without the map's search for the key, as in history_json().
  Json::object_t backoff;
  Json fatal = Json::array();
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    const std::string& name = task.processes[p].name;
    const auto found = history.find(name);
    if (!found) continue;
    const Outlook outlook = outlook_of(task, p, history.process(*found), now);
    if (outlook.fatal) fatal.push_back(name);
    if (outlook.next_try) {
      static_cast<Json::object_t::Container&>(backoff).emplace_back(
          name, static_cast<double>(*outlook.next_try) / static_cast<double>(kSecond));
    }
  }
  if (!backoff.empty()) json["backoff"] = std::move(backoff);
  if (!fatal.empty()) json["fatal"] = std::move(fatal);
}

}  // namespace thermos
