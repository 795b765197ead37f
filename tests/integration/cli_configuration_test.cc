// YAML, the dry run, the graph and the schema, from outside.
#include <filesystem>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

class Configuration : public ThermosTest {};

constexpr std::string_view kYaml = R"(
name: said
processes:
- &talk {name: one, cmdline: 'echo port {{thermos.ports[http]}}'}
- <<: *talk
  name: two
constraints:
- order: [one, two]
)";

TEST_F(Configuration, InYamlRuns) {
  const Finished done = run_task("y", kYaml, {"-P", "http:8080"});
  EXPECT_EQ(done.status, 0) << done.err;
  for (const std::string name : {"one", "two"}) {
    const Finished tail = run({"tail", "y", name});
    EXPECT_NE(tail.out.find("port 8080\n"), std::string::npos) << tail.out << tail.err;
  }
}

TEST_F(Configuration, AFreePortIsRecordedAndKept) {
  const Finished done = run_task("f", kYaml, {"-P", "http"});
  ASSERT_EQ(done.status, 0) << done.err;
  const int port = status_of("f")["header"]["ports"]["http"];
  EXPECT_GE(port, 1024);
  const Finished tail = run({"tail", "f", "one"});
  EXPECT_NE(tail.out.find("port " + std::to_string(port) + "\n"), std::string::npos) << tail.out;
}

TEST_F(Configuration, TheDryRunSaysAllThatIsWrong) {
  const std::string bad = file("bad.yaml", R"(processes:
- name: a
  cmdline: echo {{x}}
  daemon: yes
- name: b
  cmdline: 'true'
  max_failures: -1
constraints:
- order: [a, c]
)");
  const Finished refused = run({"inspect", "--check", bad});
  EXPECT_EQ(refused.status, 65);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err, "thermos: " + bad +
                             ":4:11: processes[0].daemon: must be true or false, not a string: "
                             "'yes' is no boolean in YAML 1.2\n"
                             "thermos: " +
                             bad +
                             ":7:17: processes[1].max_failures: -1 is out of range: 0 to "
                             "4294967295\n"
                             "thermos: " +
                             bad +
                             ":3:12: processes[0].cmdline: {{x}} is not bound: give -E x=VALUE\n"
                             "thermos: " +
                             bad + ":9:14: constraints[0].order[1]: there is no process 'c'\n");
  EXPECT_FALSE(std::filesystem::exists(root()));

  const std::string good = file("good.yaml", kYaml);
  const Finished ok = run({"inspect", "--check", "-P", "http", good});
  EXPECT_EQ(ok.status, 0) << ok.err;
  EXPECT_EQ(ok.out, "ok: 2 processes\n");
  EXPECT_EQ(run({"inspect", "--check", good}).status, 65);
  EXPECT_EQ(run({"inspect", "--check", "no-such-file"}).status, 66);
  EXPECT_EQ(run({"inspect", "--check", "--json", good}).status, 64);
  const std::string two = file("two.yaml", "--- {name: a}\n--- {name: b}\n");
  EXPECT_EQ(run({"inspect", "--check", two}).status, 64);
}

TEST_F(Configuration, TheGraphIsPrinted) {
  const std::string config = file("t.yaml", kYaml);
  const auto graph = [&](Words words) {
    words.insert(words.begin(), {"graph", "-P", "http:1"});
    words.push_back(config);
    return run(words);
  };
  EXPECT_EQ(graph({}).out,
            "task said: 2 processes, 1 dependency\n\n   1  one\n   2  two  <- one\n\n"
            "longest chain (2 processes): one -> two\n");
  EXPECT_EQ(graph({"--format", "text"}).out, graph({}).out);
  EXPECT_TRUE(graph({"--format", "dot"}).out.starts_with("digraph \"said\" {\n"));
  EXPECT_TRUE(graph({"--format=mermaid"}).out.starts_with("flowchart LR\n"));
  const auto json = nlohmann::json::parse(graph({"--json"}).out);
  EXPECT_EQ(json.at("longest_chain"), nlohmann::json({"one", "two"}));
  EXPECT_EQ(graph({"--format", "svg"}).status, 64);
  EXPECT_EQ(graph({"--format", "dot", "--json"}).status, 64);
  EXPECT_EQ(run({"graph"}).status, 64);
  EXPECT_EQ(run({"graph", config}).status, 65);
}

TEST_F(Configuration, TheSchemaIsPrinted) {
  const Finished schema = run({"schema"});
  EXPECT_EQ(schema.status, 0);
  EXPECT_EQ(nlohmann::json::parse(schema.out).at("$schema"),
            "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(run({"schema", "x"}).status, 64);
}

}  // namespace
}  // namespace thermos::testing
