#include "ledger.h"

#include <set>

namespace thermos::real {

Json ledger_task(Dice& dice, int count) {
  std::vector<Json> processes;
  std::vector<Words> orders;
  std::vector<std::string> layer;
  std::vector<std::string> layer_before;
  int room = 0;
  for (int i = 0; i < count; ++i) {
    if (room == 0) {
      layer_before = std::move(layer);
      layer.clear();
      room = dice.throw_one(4, 9);
    }
    --room;
    const std::string name = "p" + std::to_string(i);
    const std::string before = std::to_string(dice.throw_one(0, 40));
    const std::string after = std::to_string(dice.throw_one(0, 40));
    processes.push_back(process(name,
                                "exec 9> lock." + name + "; flock -n 9 || echo " + name +
                                    " >> overlaps; sleep 0." + std::string(3 - before.size(), '0') +
                                    before + "; echo " + name + " >> ledger; sleep 0." +
                                    std::string(3 - after.size(), '0') + after,
                                {{"min_duration", 0}}));
    std::set<std::string> waits_for;
    for (int n = layer_before.empty() ? 0 : dice.throw_one(1, 3); n > 0; --n) {
      waits_for.insert(dice.pick(layer_before));
    }
    for (const std::string& other : waits_for) orders.push_back({other, name});
    layer.push_back(name);
  }
  return task(processes, orders);
}

std::vector<std::string> names_in(const Json& task) {
  std::vector<std::string> names;
  for (const Json& process : task["processes"]) names.push_back(process["name"]);
  return names;
}

namespace {

void expect_no_stranger(const Site& site, const Json& task, const Json& status) {
  const std::vector<std::string> names = names_in(task);
  const std::set<std::string> known(names.begin(), names.end());
  for (const auto& [name, count] : count_lines(site.in_sandbox("ledger"))) {
    EXPECT_TRUE(known.contains(name)) << name;
  }
  EXPECT_EQ(read_file(site.in_sandbox("overlaps")), "") << "ran beside themselves";
  EXPECT_EQ(status.value("state", ""), "SUCCESS");
  EXPECT_NE(status["header"]["hostname"], "");
  EXPECT_GT(status["header"]["launch_time_ms"], 0);
  // Whoever waits for another was forked after that one's good end.
  for (const Json& constraint : task.value("constraints", Json::array())) {
    const Json& order = constraint["order"];
    for (std::size_t i = 1; i < order.size(); ++i) {
      const Json& later = runs(status, order[i]);
      if (later.empty()) continue;
      EXPECT_GT(later.front().value("fork_time", 0.0), stop_time(status, order[i - 1]))
          << order[i] << " after " << order[i - 1];
    }
  }
}

}  // namespace

void expect_each_once(Site& site, const Json& task, const std::string& id) {
  const Json status = site.status(id);
  ASSERT_FALSE(status.is_null());
  expect_no_stranger(site, task, status);
  std::map<std::string, int> ledger = count_lines(site.in_sandbox("ledger"));
  for (const std::string& name : names_in(task)) {
    EXPECT_EQ(ledger[name], 1) << name << " " << runs(status, name).dump();
    EXPECT_EQ(states(status, name), "SUCCESS") << name << " " << runs(status, name).dump();
  }
}

Repeats expect_repeats_explained(Site& site, const Json& task, const std::string& id) {
  Repeats total;
  const Json status = site.status(id);
  if (status.is_null()) {
    ADD_FAILURE() << "no status of " << id;
    return total;
  }
  expect_no_stranger(site, task, status);
  std::map<std::string, int> ledger = count_lines(site.in_sandbox("ledger"));
  for (const std::string& name : names_in(task)) {
    const Json& all = runs(status, name);
    int excused = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool last = i + 1 == all.size();
      const std::string state = all[i]["state"];
      EXPECT_EQ(state == "SUCCESS", last) << name << " " << all.dump();
      total.lost += state == "LOST" ? 1 : 0;
      total.killed += state == "KILLED" ? 1 : 0;
      excused += state == "LOST" || state == "KILLED" ? 1 : 0;
    }
    EXPECT_GE(ledger[name], 1) << name << " " << all.dump();
    EXPECT_LE(ledger[name], 1 + excused) << name << " " << all.dump();
    total.repeats += ledger[name] - 1;
  }
  return total;
}

void expect_success(const Ended& ended) {
  if (ended.code == 64) {
    EXPECT_NE(ended.err.find("ended already: SUCCESS"), std::string::npos) << ended.err;
  } else {
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  }
}

void expect_in_order(const std::string& stream, const std::string& first,
                     const std::string& second) {
  const std::string prefix = stream.substr(0, stream.find("/checkpoints/")) + "/read";
  const std::string text = Command({THERMOS_BIN "/thermos", "read", stream}, prefix, {}).wait().out;
  EXPECT_NE(text.find(second), std::string::npos) << second << "\n" << text;
  EXPECT_LT(text.find(first), text.find(second)) << first << "\n" << text;
}

}  // namespace thermos::real
