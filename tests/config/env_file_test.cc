// Files of NAME=VALUE lines.
#include <gtest/gtest.h>

#include <string>

#include "core/config/env_file.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

// "[NAME=VALUE]" of each variable, or the error.
std::string read(const std::string& text) {
  Named<std::string> variables;
  if (auto good = read_env_file(text, "x.env", variables); !good) return good.error().message;
  std::string all;
  for (const auto& [name, value] : variables.entries) all += "[" + name + "=" + value + "]";
  return all;
}

TEST(EnvFile, IsReadAsDockerComposeReadsIt) {
  EXPECT_EQ(read("A=1\n# no\n\n  \nB=two words \nexport C=3\r\nD = 4\n"),
            "[A=1][B=two words][C=3][D=4]");
  EXPECT_EQ(read("A=\nB=x#y\nC=x #y\nD=#y\nE=a=b"), "[A=][B=x#y][C=x][D=][E=a=b]");
  EXPECT_EQ(read("A='a # \\n $B \"'\nB=\"a # \\n\\t\\\"\\\\\\$ \\q'\" # c\n"),
            "[A=a # \\n $B \"][B=a # \n\t\"\\$ \\q']");
  EXPECT_EQ(read("A='one\ntwo'\nB=\"x\n y\"\nC=3"), "[A=one\ntwo][B=x\n y][C=3]");
  EXPECT_EQ(read("A='one  \n two '\nB=\" x \t\ny\" \n"), "[A=one  \n two ][B= x \t\ny]");
  EXPECT_EQ(read("A='one\r\ntwo\r\n'\r\nB=\"x \r\n\"\r\n"), "[A=one\ntwo\n][B=x \n]");
  EXPECT_EQ(read("export A = 1\r\n"), "[A=1]");
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "export=1\nexported=2"),
            "[export=1][exported=2]");
  EXPECT_EQ(read("A=1\nB=2\nA=3"), "[A=3][B=2]");
  EXPECT_EQ(read(""), "");
}

TEST(EnvFile, PutsInWhatStandsBefore) {
  EXPECT_EQ(read("A=1\nB=$A-${A}x\nC=\"$A ${Z:-z} ${Z-y}\"\nD='$A'\n"),
            "[A=1][B=1-1x][C=1 z y][D=$A]");
  EXPECT_EQ(read("A=\nB=${A:-x}${A-y}\nC=5$ $5 $"), "[A=][B=x][C=5$ $5 $]");
  // Blanks of the line are left out, and those of a variable are not.
  EXPECT_EQ(read("A=\"  abc \"\nB=$A\nC=$A-tail \nD=$A # no\n"),
            "[A=  abc ][B=  abc ][C=  abc -tail][D=  abc ]");
}

TEST(EnvFile, IsRefusedWithItsLine) {
  EXPECT_EQ(read("A=1\nB\n"), "x.env:2: 'B' has no value: a line is NAME=VALUE");
  EXPECT_EQ(read("2A=1"), "x.env:1: '2A' is no name of a variable: letters, digits and '_'");
  EXPECT_EQ(read("export \n"), "x.env:1: 'export' has no value: a line is NAME=VALUE");
  EXPECT_EQ(read("=1"), "x.env:1: '' is no name of a variable: letters, digits and '_'");
  EXPECT_EQ(read("A='x\n\nB=1"), "x.env:1: the ' has no end");
  EXPECT_EQ(read("A='x\n'\nB='x' y"), "x.env:3: 'y' stands behind the closing quote");
  EXPECT_EQ(read("A=$B"), "x.env:1: 'B' is not set before this line; single quotes keep a '$'");
  EXPECT_EQ(read("A=${B?no}"),
            "x.env:1: '${B?no}' is not understood: ${NAME} and ${NAME:-TEXT} "
            "are; single quotes keep a '$'");
  EXPECT_EQ(read("A=${B"),
            "x.env:1: '${B' is not understood: ${NAME} and ${NAME:-TEXT} are; "
            "single quotes keep a '$'");
}

Bindings with_files() {
  Bindings bindings;
  bindings.environment = {{"which", "a"}};
  bindings.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "a.env") return std::string("A=1\nB=2\nC={{name}}\n");
    if (path == "b.env") return std::string("B=3\nD=$A\n");
    if (path == "bad.env") return std::string("A=1\nB\n");
    return Error{ErrorCode::NotFound, "/x/" + path + ": No such file or directory"};
  };
  return bindings;
}

std::string env_text(const Named<std::string>& env) {
  std::string all;
  for (const auto& [name, value] : env.entries) all += "[" + name + "=" + value + "]";
  return all;
}

TEST(EnvFile, GoesUnderEnv) {
  const auto task = load(R"(
env_file: [a.env, b.env]
env: {B: mine, E: "{{which}}"}
processes:
  - {name: p, cmdline: x, env_file: "{{which}}.env", env: {A: "{{which}}"}}
  - {name: q, cmdline: x}
)",
                         "f", "", with_files());
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(env_text(task->env), "[A=1][C={{name}}][D=1][B=mine][E=a]");
  EXPECT_EQ(env_text(task->processes[0].env), "[B=2][C={{name}}][A=a]");
  EXPECT_TRUE(task->env_file.empty());
  // On record is the whole task, and no file.
  const std::string json = to_json(*task, -1);
  EXPECT_EQ(json.find("env_file"), std::string::npos);
  const auto again = load_bound(json, "r");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*again, *task);
}

TEST(EnvFile, IsRefusedWithItsPlaceInTheTask) {
  const auto wrong = [](const std::string& more) {
    const std::string text = "processes:\n  - name: p\n    cmdline: x\n    " + more + "\n";
    const auto task = load(text, "f", "", with_files());
    const auto faults = find_faults(text, "f", "", with_files());
    EXPECT_EQ(faults.size(), 1U);
    if (faults.empty() || task.ok()) return std::string("good");
    EXPECT_EQ(faults[0].message, task.error().message);
    return task.error().message;
  };
  EXPECT_EQ(wrong("env_file: none.env"),
            "f:4:15: processes[0].env_file[0]: /x/none.env: No such file or directory");
  EXPECT_EQ(wrong("env_file: [a.env, bad.env]"),
            "f:4:23: processes[0].env_file[1]: bad.env:2: 'B' has no value: a line is NAME=VALUE");
  EXPECT_EQ(wrong("env_file: 3"),
            "f:4:15: processes[0].env_file: must be a string or a list, not a number");
  // Who takes a task in that was submitted reads no files.
  const auto bound =
      load_bound(R"({"processes": [{"name": "p", "cmdline": "x", "env_file": ["a.env"]}]})", "r");
  EXPECT_EQ(bound.error().message,
            "r:1: processes[0].env_file[0]: is read where a task is submitted, not here: give its "
            "'env'");
}

}  // namespace
}  // namespace thermos::config
