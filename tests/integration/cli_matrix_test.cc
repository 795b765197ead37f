// A matrix, processes by their names, and files of variables, from every kind of configuration.
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using CliMatrix = ThermosTest;

constexpr const char* kJson = R"({"name": "t", "env_file": "a.env", "processes": {
  "t": {"cmdline": "{{matrix.k}}", "matrix": {"k": ["a", 1]}, "env_file": ["a.env", "b.env"]},
  "z": {"cmdline": "z", "needs": ["t"]}}})";
constexpr const char* kMatrixYaml = R"(
name: t
env_file: a.env
processes:
  t: {cmdline: "{{matrix.k}}", matrix: {k: [a, 1]}, env_file: [a.env, b.env]}
  z: {cmdline: z, needs: [t]}
)";
constexpr const char* kPython = R"(
t = Process(cmdline = '{{matrix.k}}', matrix = {'k': ['a', 1]}, env_file = ['a.env', 'b.env'])
export(Task(name = 't', env_file = 'a.env',
            processes = {'t': t, 'z': Process(cmdline = 'z', needs = ['t'])}))
)";

TEST_F(CliMatrix, IsTheSameInEveryLanguage) {
  file("a.env", "A=1\nB=2\n");
  file("b.env", "export B='{{name}}'\n");
  const Finished json = run({"inspect", "--json", file("t.json", kJson)});
  ASSERT_EQ(json.status, 0) << json.err;
  const auto task = nlohmann::json::parse(json.out);
  EXPECT_EQ(task["processes"].size(), 3U);
  EXPECT_EQ(task["processes"][1]["name"], "t-1");
  EXPECT_EQ(task["processes"][1]["cmdline"], "1");
  EXPECT_EQ(task["processes"][1]["env"], nlohmann::json({{"A", "1"}, {"B", "{{&name}}"}}));
  EXPECT_EQ(task["processes"][2]["needs"],
            nlohmann::json({{"t-a", "success"}, {"t-1", "success"}}));
  EXPECT_EQ(task["env"], nlohmann::json({{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(run({"inspect", "--json", file("t.yaml", kMatrixYaml)}).out, json.out);
  const Finished python = run({"inspect", "--json", file("t.thermos", kPython)});
  EXPECT_EQ(python.out, json.out) << python.err;
  // What is shown is the same task again.
  EXPECT_EQ(run({"inspect", "--json", file("again.json", json.out)}).out, json.out);
}

TEST_F(CliMatrix, FilesAreBesideTheConfiguration) {
  const std::string config = file("t.yaml",
                                  "processes:\n  p:\n    cmdline: '[ \"$A\" = 1 ]'\n"
                                  "    env_file: none.env\n");
  const Finished refused = run({"run", config});
  EXPECT_EQ(refused.status, 65);
  EXPECT_EQ(refused.err, "thermos: " + config + ":4:15: processes[0].env_file[0]: " + work() +
                             "/none.env: No such file or directory\n");
  EXPECT_TRUE(tree_of(root()).empty());
  file("none.env", "A=1");
  Invocation elsewhere = thermos({"run", "--quiet", "--task-id", "x", config});
  elsewhere.directory = scratch_.path();
  EXPECT_EQ(run_program(elsewhere).status, 0);
  // On record is what was read: the file may change, and the task is another one.
  EXPECT_NE(read_text(root() + "/tasks/finished/x").find("\"A\": \"1\""), std::string::npos);
}

TEST_F(CliMatrix, ACommandTakesWhatAProcessDoes) {
  EXPECT_EQ(run({"simplerun", "--quiet", "--env", "A=b c", "--cwd", "d/e", "--", "[", "\"$A\"", "=",
                 "\"b c\"", "]", "&&", "[", "${PWD##*/}", "=", "e", "]"})
                .status,
            0);
  const Finished timed = run({"simplerun", "--task-id", "x", "--timeout", "0.2", "sleep", "1000"});
  EXPECT_EQ(timed.status, 1);
  EXPECT_NE(timed.out.find("timed out"), std::string::npos) << timed.out << timed.err;
  EXPECT_EQ(run({"simplerun", "--env", "A", "true"}).err,
            "thermos: --env A: a variable is given as NAME=VALUE\n");
  EXPECT_EQ(run({"simplerun", "--max-failures", "x", "true"}).status, 64);
}

}  // namespace
}  // namespace thermos::testing
