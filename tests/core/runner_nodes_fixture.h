// A runner whose task runs on nodes, for the tests of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runner_fixture.h"

namespace thermos {

inline constexpr Room kOneCore{1000, 0};

class RunnerNodesFixture : public RunnerFixture {
 protected:
  // From a machine with this boot id.
  void lead_nodes(std::vector<std::string> nodes = {"n1", "n2"}, const BootId& boot = kBoot,
                  Microseconds hold = 0) {
    task_.name = "t";
    auto graph = check_task(task_);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    graph_ = std::move(*graph);
    runner_ = std::make_unique<Runner>(task_, graph_, history_, access_);
    Lead lead;
    lead.header.task_id = "t-1";
    lead.boot = boot;
    lead.hold = hold;
    lead.nodes = std::move(nodes);
    tell(lead);
    tell(TimerDue{});
  }
};

}  // namespace thermos
