#include "reactor/daemon/pool_texts.h"

#include "reactor/store/history_json.h"

namespace thermos {
namespace {

Json share_json(const SharedPools::Share& share, bool may_see) {
  Json json = Json::object();
  if (may_see) json["task_id"] = share.task_id;
  if (may_see) json["process"] = share.process;
  json["amount"] = share.amount;
  return json;
}

}  // namespace

std::vector<std::string> pool_texts(const SharedPools& pools, VisibleTasks& visible,
                                    const Caller& caller) {
  std::vector<std::string> texts;
  for (std::uint32_t pool = 0; pool < pools.sizes().entries.size(); ++pool) {
    Json json = Json::object();
    json["pool"] = pools.sizes().entries[pool].first;
    json["size"] = pools.size(pool);
    json["used"] = pools.size(pool) - pools.free(pool);
    Json used_by = Json::array();
    Json waiting = Json::array();
    const std::vector<SharedPools::Share> shares = pools.shares(pool);
    for (const SharedPools::Share& share : shares) {
      if (used_by.size() + waiting.size() == kMostShares) break;
      (share.place ? waiting : used_by)
          .push_back(share_json(share, visible.may_see(share.task_id, caller)));
    }
    json["used_by"] = std::move(used_by);
    json["waiting"] = std::move(waiting);
    if (shares.size() > kMostShares) json["left_out"] = shares.size() - kMostShares;
    texts.push_back(json_line(json));
  }
  return texts;
}

}  // namespace thermos
