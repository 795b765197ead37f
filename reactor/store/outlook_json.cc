#include "reactor/store/outlook_json.h"

#include <utility>
#include <vector>

#include "core/runner/outlook.h"
#include "core/runner/pool_outlook.h"
#include "reactor/store/recorded_task.h"

namespace thermos {
namespace {

Json shares_json(const std::vector<PoolOutlook::Share>& shares) {
  Json json = Json::array();
  for (const PoolOutlook::Share& share : shares) {
    json.push_back({{"process", share.process}, {"amount", share.amount}});
  }
  return json;
}

void add_pools(Json& json, const std::vector<PoolOutlook>& pools) {
  for (const PoolOutlook& pool : pools) {
    Json one = {{"pool", pool.pool}};
    if (pool.size) one["size"] = *pool.size;
    one["used"] = pool.used();
    one["used_by"] = shares_json(pool.used_by);
    one["waiting"] = shares_json(pool.waiting);
    json["pools"].push_back(std::move(one));
  }
}

}  // namespace

void add_not_started(Json& json, const TaskConfig& task, const History& history) {
  const std::size_t count = not_started(task, history).size();
  if (count > 0) json["not_started"] = count;
}

void add_outlook(Json& json, const TaskConfig& task, const History& history, Microseconds now) {
  add_not_started(json, task, history);
  add_pools(json, pool_outlooks(task, history, now));
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
