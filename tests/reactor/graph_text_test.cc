// Graphs in their notations, and ports that are free.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "core/task/check_task.h"
#include "reactor/cli/free_port.h"
#include "reactor/cli/options.h"
#include "reactor/show/graph_text.h"

namespace thermos {
namespace {

TaskConfig sample() {
  TaskConfig task;
  task.name = "t";
  for (const char* name : {"fetch", "sum", "watch", "say \"<x>#`\"", "clean", "tell"}) {
    task.processes.emplace_back();
    task.processes.back().name = name;
    task.processes.back().cmdline = "true";
  }
  task.processes[2].daemon = task.processes[2].ephemeral = true;
  task.processes[4].final = task.processes[5].final = true;
  task.constraints = {{{"fetch", "sum", task.processes[3].name}},
                      {{"fetch", task.processes[3].name}},
                      {{"clean", "tell"}}};
  return task;
}

TEST(GraphText, ShowsLevelsAndTheLongestChain) {
  const TaskConfig task = sample();
  EXPECT_EQ(graph_text(task, check_task(task).value()),
            "task t: 6 processes, 4 dependencies\n"
            "\n"
            "   1  fetch\n"
            "      watch  [daemon, ephemeral]\n"
            "   2  sum  <- fetch\n"
            "   3  say \"<x>#`\"  <- fetch, sum\n"
            "finalizers\n"
            "   1  clean\n"
            "   2  tell  <- clean\n"
            "\n"
            "longest chain (3 processes): fetch -> sum -> say \"<x>#`\"\n"
            "longest chain of finalizers (2 processes): clean -> tell\n");
}

TEST(GraphText, ShowsConditionsAtTheEdges) {
  TaskConfig task;
  task.name = "t";
  for (const char* name : {"db", "load", "tell"}) {
    task.processes.emplace_back();
    task.processes.back().name = name;
    task.processes.back().cmdline = "true";
  }
  task.processes[0].daemon = task.processes[0].ephemeral = true;
  task.processes[1].needs.entries = {{"db", Condition::Start}};
  task.processes[2].needs.entries = {{"load", Condition::End}, {"db", Condition::Start}};
  task.constraints = {{{"load", "tell"}}};
  const Graph graph = check_task(task).value();
  EXPECT_EQ(graph_text(task, graph),
            "task t: 3 processes, 4 dependencies\n"
            "\n"
            "   1  db  [daemon, ephemeral]\n"
            "   2  load  <- db (start)\n"
            "   3  tell  <- db (start), load, load (end)\n"
            "\n"
            "longest chain (3 processes): db -> load -> tell\n");
  const std::string dot = graph_dot(task, graph);
  EXPECT_NE(dot.find("  p0 -> p1 [label=\"start\"];\n"), std::string::npos) << dot;
  EXPECT_NE(dot.find("  p1 -> p2;\n  p1 -> p2 [label=\"end\"];\n"), std::string::npos) << dot;
  const std::string mermaid = graph_mermaid(task, graph);
  EXPECT_NE(mermaid.find("  p0 -->|start| p1\n"), std::string::npos) << mermaid;
  const Json tell = graph_json(task, graph).at("processes")[2];
  EXPECT_EQ(tell.at("waits_for"), Json({"db", "load"}));
  EXPECT_EQ(tell.at("needs"), Json::parse(R"([{"process": "db", "condition": "start"},
      {"process": "load", "condition": "success"}, {"process": "load", "condition": "end"}])"));
}

TEST(GraphText, OfOneProcess) {
  TaskConfig task;
  task.name = "a\nb";
  task.processes.emplace_back();
  task.processes[0].name = "p";
  EXPECT_EQ(graph_text(task, Graph(1, {})),
            "task a\\nb: 1 process, 0 dependencies\n\n   1  p\n\nlongest chain (1 process): p\n");
}

TEST(GraphText, IsDot) {
  const TaskConfig task = sample();
  EXPECT_EQ(graph_dot(task, check_task(task).value()), R"(digraph "t" {
  rankdir=LR;
  node [shape=box];
  p0 [label="fetch"];
  p1 [label="sum"];
  p2 [label="watch", style=dashed, tooltip="daemon, ephemeral"];
  p3 [label="say \"<x>#`\""];
  subgraph cluster_final {
    label="finalizers";
    p4 [label="clean"];
    p5 [label="tell"];
  }
  p0 -> p1;
  p0 -> p3;
  p1 -> p3;
  p4 -> p5;
}
)");
}

TEST(GraphText, IsMermaid) {
  const TaskConfig task = sample();
  EXPECT_EQ(graph_mermaid(task, check_task(task).value()), R"(flowchart LR
  p0["fetch"]
  p1["sum"]
  p2("watch")
  p3["say #34;#60;x#62;#35;#96;#34;"]
  subgraph finalizers
    p4["clean"]
    p5["tell"]
  end
  p0 --> p1
  p0 --> p3
  p1 --> p3
  p4 --> p5
)");
}

TEST(GraphText, IsJson) {
  const TaskConfig task = sample();
  const Json json = graph_json(task, check_task(task).value());
  EXPECT_EQ(json.at("task"), "t");
  EXPECT_EQ(json.at("processes").size(), 6U);
  EXPECT_EQ(json.at("processes")[3].at("level"), 2);
  EXPECT_EQ(json.at("processes")[3].at("waits_for"), Json({"fetch", "sum"}));
  EXPECT_EQ(json.at("processes")[2].at("daemon"), true);
  EXPECT_EQ(json.at("processes")[4].at("final"), true);
  EXPECT_EQ(json.at("longest_chain"), Json({"fetch", "sum", task.processes[3].name}));
  EXPECT_EQ(json.at("longest_final_chain"), Json({"clean", "tell"}));
}

TEST(GraphText, OfAHundredThousandProcesses) {
  constexpr std::uint32_t kMany = 100'000;
  TaskConfig task;
  task.name = "many";
  task.constraints.emplace_back();
  for (std::uint32_t i = 0; i < kMany; ++i) {
    task.processes.emplace_back();
    task.processes.back().name = "p" + std::to_string(i);
    task.processes.back().cmdline = "true";
    task.constraints[0].order.push_back(task.processes.back().name);
  }
  const Graph graph = check_task(task).value();
  const std::string tail = " -> p99999\n";
  EXPECT_TRUE(graph_text(task, graph).ends_with(tail));
  EXPECT_NE(graph_dot(task, graph).find("  p99998 -> p99999;\n"), std::string::npos);
  EXPECT_EQ(graph_json(task, graph).at("longest_chain").size(), kMany);
}

bool can_listen_on(std::uint16_t port) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0;
}

TEST(FreePorts, AreHeldAndThenFree) {
  std::set<std::uint16_t> ports;
  {
    FreePorts free({});
    for (int i = 0; i < 50; ++i) {
      const auto port = free.take();
      ASSERT_TRUE(port.ok()) << port.error().message;
      EXPECT_TRUE(ports.insert(*port).second) << *port << " came twice";
      EXPECT_FALSE(can_listen_on(*port));
    }
  }
  // Another program may have taken some meanwhile, not all.
  std::size_t usable = 0;
  for (const std::uint16_t port : ports) usable += can_listen_on(port) ? 1 : 0;
  EXPECT_GT(usable, 0U);
}

TEST(Ports, AreNumberedOrFree) {
  const Ports ports = parse_ports({"web", "a.b:1", "api:65535", "db"}).value();
  EXPECT_EQ(ports.at("a.b"), 1);
  EXPECT_EQ(ports.at("api"), 65535);
  EXPECT_GE(ports.at("web"), 1024);
  EXPECT_GE(ports.at("db"), 1024);
  EXPECT_NE(ports.at("web"), ports.at("db"));
}

TEST(Ports, OfATaskThatIsKnownAreItsOwn) {
  const Ports recorded = {{"web", 4711}, {"old", 1}};
  const Ports ports = parse_ports({"web", "new"}, recorded).value();
  EXPECT_EQ(ports.at("web"), 4711);
  EXPECT_EQ(ports.size(), 2U);
  EXPECT_EQ(parse_ports({"web:80"}, recorded).value().at("web"), 80);
}

TEST(Ports, ThatAreWrongAreRefused) {
  const auto message = [](const std::vector<std::string>& given) {
    const auto ports = parse_ports(given);
    return ports.ok() ? "" : ports.error().message;
  };
  EXPECT_EQ(message({"a:0"}), "-P a:0: a port is a number from 1 to 65535");
  EXPECT_EQ(message({"a:65536"}), "-P a:65536: a port is a number from 1 to 65535");
  EXPECT_EQ(message({"a:"}), "-P a:: a port is a number from 1 to 65535");
  EXPECT_EQ(message({"a", "a"}), "-P a: port 'a' is given twice");
  EXPECT_EQ(message({"a:1", "a"}), "-P a: port 'a' is given twice");
  EXPECT_EQ(message({":1"}), "-P :1: a port is given as NAME:PORT, or as NAME for a free one");
  EXPECT_EQ(message({""}), "-P : a port is given as NAME:PORT, or as NAME for a free one");
  EXPECT_NE(message({"a:b:1"}), "");
}

}  // namespace
}  // namespace thermos
