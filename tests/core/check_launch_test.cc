// What may be said of the launch of a process.
#include "core/task/check_launch.h"

#include <string>

#include <gtest/gtest.h>

namespace thermos {
namespace {

using namespace std::string_literals;

ProcessConfig usual() {
  ProcessConfig process;
  process.name = "p";
  process.cmdline = "true";
  return process;
}

// All that is wrong, "key: what" of each.
std::string faults_of(const ProcessConfig& process, std::size_t inherited = 0) {
  std::string text;
  for (const LaunchFault& fault : find_launch_faults(process, inherited)) {
    text += (text.empty() ? "" : "\n") + fault.key + ": " + fault.what;
  }
  return text;
}

std::string with_env(const std::string& name, const std::string& value) {
  ProcessConfig process = usual();
  process.env.entries = {{name, value}};
  return faults_of(process);
}

TEST(CheckLaunch, WhatMayBe) {
  EXPECT_EQ(faults_of(usual()), "");
  ProcessConfig process = usual();
  process.cmdline.clear();
  process.argv = {"cat", "", "-"};
  process.env.entries = {{"A", ""}, {"B C", "1=2"}, {"ü", "\n"}, {"THERMOS_ROOT", "/r"}};
  process.cwd = "../other/./x//";
  process.input = "in/a..b/...";
  process.success_codes = {0, 255, 0};
  EXPECT_EQ(faults_of(process), "");
}

TEST(CheckLaunch, Variables) {
  EXPECT_EQ(with_env("", "x"), "env: a variable's name can't be empty");
  EXPECT_EQ(with_env("A=B", "x"), "env: 'A=B': a variable's name can't hold '='");
  EXPECT_EQ(with_env("A\nB", "x"), "env: 'A\\nB': a variable's name can't hold control characters");
  EXPECT_EQ(with_env("A\0B"s, "x"),
            "env: 'A\\x00B': a variable's name can't hold control characters");
  EXPECT_EQ(with_env("\xff", "x"), "env: '\\xff' is not UTF-8");
  EXPECT_EQ(with_env("A", "x\0"s), "env.A: holds a NUL byte");
  EXPECT_EQ(with_env("A", "\xff"), "env.A: is not UTF-8");
  EXPECT_EQ(with_env("THERMOS_RUN", "1"),
            "env: THERMOS_RUN is set for every run: give another name");
  EXPECT_EQ(with_env("A", std::string(131'069, 'x')), "");
  EXPECT_EQ(with_env("A", std::string(131'070, 'x')),
            "env.A: takes 131072 bytes with its name: the kernel takes at most 131071 in one "
            "variable");
  ProcessConfig process = usual();
  process.env.entries = {{"A", "1"}, {"B", "1"}, {"A", "2"}};
  EXPECT_EQ(faults_of(process), "env.A: is given twice");
}

TEST(CheckLaunch, Secrets) {
  ProcessConfig process = usual();
  const auto with = [&process](const std::string& name, const Secret& secret) {
    process.secret.entries = {{name, secret}};
    return faults_of(process);
  };
  EXPECT_EQ(with("A", {"/file", "", true}), "");
  EXPECT_EQ(with("A", {"", "pass show a", false}), "");
  EXPECT_NE(with("A", {}).find("secret.A: "), std::string::npos);
  EXPECT_NE(with("A", {"/file", "cat file", false}).find("secret.A: "), std::string::npos);
  EXPECT_EQ(with("A", {"", "cat file", true}),
            "secret.A: has a 'cmd', which runs as the process's user: 'root' is for a 'file'");
  EXPECT_EQ(with("A", {"", "a\0b"s, false}), "secret.A: holds a NUL byte");
  EXPECT_EQ(with("A", {"a\0b"s, "", false}), "secret.A: holds a NUL byte");
  EXPECT_EQ(with("A=B", {"/file", "", false}), "secret: 'A=B': a variable's name can't hold '='");
  process.secret.entries = {{"A", {"/file", "", false}}, {"A", {"/file", "", false}}};
  EXPECT_EQ(faults_of(process), "secret.A: is given twice");
  process.secret.entries.pop_back();
  process.env.entries = {{"B", "1"}, {"A", "1"}};
  EXPECT_EQ(faults_of(process), "secret.A: is in 'env', too: give it in one of them");
  process.env.entries.clear();
  process.secret.entries.clear();
  for (int i = 0; i < 1000; ++i) {
    process.secret.entries.emplace_back("S" + std::to_string(i), Secret{"/file", "", false});
  }
  EXPECT_NE(faults_of(process).find("secret: names 1000 variables: at most "), std::string::npos);
}

TEST(CheckLaunch, WhoAsksForRootsRights) {
  TaskConfig task;
  task.processes = {usual()};
  EXPECT_FALSE(reads_as_root(task));
  task.processes[0].secret.entries = {{"A", {"/file", "", false}}};
  task.secret.entries = {{"B", {"/file", "", false}}};
  EXPECT_FALSE(reads_as_root(task));
  task.processes[0].secret.entries[0].second.root = true;
  EXPECT_TRUE(reads_as_root(task));
  task.processes[0].secret.entries.clear();
  task.secret.entries[0].second.root = true;
  EXPECT_TRUE(reads_as_root(task));
}

TEST(CheckLaunch, Commands) {
  ProcessConfig process = usual();
  process.argv = {"true"};
  EXPECT_EQ(faults_of(process), "argv: is given beside 'cmdline': one of the two says what is run");
  process.cmdline.clear();
  process.argv = {"", "a\0b"s};
  EXPECT_EQ(faults_of(process), "argv[0]: is empty: it is the program\nargv[1]: holds a NUL byte");
  process.argv.clear();
  EXPECT_EQ(faults_of(process), "cmdline: is empty");
}

TEST(CheckLaunch, Paths) {
  ProcessConfig process = usual();
  process.cwd = std::string(4096, 'd');
  EXPECT_EQ(faults_of(process), "cwd: is 4096 bytes long: a path has at most 4095");
  process.cwd = "a\0b"s;
  EXPECT_EQ(faults_of(process), "cwd: holds a NUL byte");
  process.cwd.clear();
  process.input = "a\0b"s;
  EXPECT_EQ(faults_of(process), "stdin: holds a NUL byte");
  TaskConfig task;
  task.cwd = "a\0b"s;
  ASSERT_EQ(find_launch_faults(task).size(), 1U);
  EXPECT_EQ(find_launch_faults(task)[0].key, "cwd");
  for (const char* path : {"/etc/passwd", "..", "a/../../b", "../b"}) {
    process.input = path;
    EXPECT_EQ(faults_of(process),
              "stdin: '" + std::string(path) +
                  "' is no file of the sandbox: name it from there, without '..'");
  }
}

TEST(CheckLaunch, ExitCodes) {
  ProcessConfig process = usual();
  process.outputs = {"out", "deep/../x"};
  EXPECT_EQ(faults_of(process),
            "outputs[1]: 'deep/../x' is no file of the sandbox: name it from there, without '..'");
  process.outputs = {"/abs"};
  EXPECT_EQ(faults_of(process),
            "outputs[0]: '/abs' is no file of the sandbox: name it from there, without '..'");
  process.outputs.clear();
  process.success_codes = {3, 256};
  EXPECT_EQ(faults_of(process), "success_codes[1]: 256 is no exit code: 0 to 255");
  process.success_codes.clear();
  EXPECT_EQ(faults_of(process), "success_codes: is empty: then no end of a run is a success");
}

TEST(CheckLaunch, AllTogetherHasALimit) {
  ProcessConfig process = usual();
  process.env.entries = {{"A", std::string(100'000, 'x')}};
  EXPECT_EQ(faults_of(process), "");
  const std::size_t left = kMaxLaunchText - launch_size(process.env) - 16;
  EXPECT_EQ(faults_of(process, left), "");
  EXPECT_EQ(faults_of(process, left + 1),
            "env: the command and its environment take 163841 bytes, and at most 163840 are "
            "possible: put what is large into a file");
  process.env.entries.clear();
  EXPECT_TRUE(faults_of(process, kMaxLaunchText).starts_with("cmdline: the command and its"));
  process.cmdline.clear();
  process.argv = {"true"};
  EXPECT_TRUE(faults_of(process, kMaxLaunchText).starts_with("argv: the command and its"));
}

}  // namespace
}  // namespace thermos
