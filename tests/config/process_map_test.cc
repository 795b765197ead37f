// Processes that are written as a map by their names.
#include <gtest/gtest.h>

#include <string>

#include "core/config/load.h"

namespace thermos::config {
namespace {

std::string names_of(const std::string& text) {
  const auto task = load(text, "f", "", {});
  if (!task) return task.error().message;
  std::string names = task->name + ":";
  for (const ProcessConfig& process : task->processes) {
    names += " " + process.name + "=" + process.cmdline;
  }
  return names;
}

TEST(ProcessMap, IsAListInTheOrderWritten) {
  EXPECT_EQ(names_of(R"({"processes": {"z": {"cmdline": "1"}, "a": {"cmdline": "2"}}})"),
            "z: z=1 a=2");
  EXPECT_EQ(
      names_of("name: t\nprocesses:\n  web:\n    cmdline: echo\n  db: {cmdline: x, name: db}\n"),
      "t: web=echo db=x");
  EXPECT_EQ(names_of("processes: {'{{name}}x': {cmdline: y}, b: {cmdline: y, name: b}}"),
            "f:1:26: processes[0].name: endless reference: processes[0].name -> processes[0].name");
}

TEST(ProcessMap, IsReferredToByIndicesToo) {
  EXPECT_EQ(
      names_of("processes: {a: {cmdline: '{{processes[1].name}}'}, b: {cmdline: '{{name}}'}}"),
      "a: a=b b=b");
}

TEST(ProcessMap, HasOneNameForEach) {
  EXPECT_EQ(names_of("processes:\n  web:\n    name: www\n    cmdline: x\n"),
            "f:3:11: processes[0].name: 'www' is the name of a process that stands behind the name "
            "'web': leave one of them out");
  EXPECT_EQ(names_of(R"({"processes": {"a": {"cmdline": "1"}, "a": {"cmdline": "2"}}})"),
            "f:1: processes: key 'a' is given twice");
}

TEST(ProcessMap, IsRefusedAsAListIs) {
  EXPECT_EQ(names_of("processes: {}"),
            "f:1:12: processes: is empty: a task needs at least one process");
  EXPECT_EQ(names_of("processes:\n  a:\n"),
            "f:2:3: processes[0]: a process is an object, not null");
  EXPECT_EQ(names_of("processes:\n  a: {}\n"),
            "f:2:6: processes[0]: 'cmdline' is missing: it or 'argv' says what is run");
  EXPECT_EQ(
      names_of("processes:\n  a: {cmdline: x}\n  b: {command: x}\n"),
      "f:3:16: processes[1]: unknown key 'command': here it is 'cmdline', or 'argv' without a "
      "shell");
  EXPECT_EQ(names_of("processes:\n  a/b: {cmdline: x}\n").substr(0, 28),
            "f:2:8: processes[0].name: 'a");
}

}  // namespace
}  // namespace thermos::config
