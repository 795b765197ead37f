// Loggers in a configuration, and references among their fields and those of resources.
#include <gtest/gtest.h>

#include <string>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

Result<TaskConfig> load_process(const std::string& more, const Bindings& bindings = {}) {
  return load(R"({"processes": [{"name": "a", "cmdline": "true")" + more + "}]}", "f", "",
              bindings);
}

std::string logger_error(const std::string& more) {
  const auto task = load_process(more);
  return task.ok() ? "" : task.error().message;
}

TEST(Logger, IsReadWithItsDefaults) {
  EXPECT_FALSE(load_process("")->processes[0].logger);
  EXPECT_EQ(load_process(R"(, "logger": {})")->processes[0].logger, thermos::Logger());
  const auto task = load_process(
      R"(, "logger": {"destination": "both", "mode": "rotate", "rotate": {"backups": 2}})");
  ASSERT_TRUE(task.ok()) << task.error().message;
  const thermos::Logger logger = *task->processes[0].logger;
  EXPECT_EQ(logger.destination, LogDestination::Both);
  EXPECT_EQ(logger.mode, LogMode::Rotate);
  EXPECT_EQ(logger.rotate, (RotatePolicy{100 << 20, 2}));
  const auto again = load_bound(to_json(*task, 2), "f");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*again, *task);
}

TEST(Logger, WhatIsWrongIsSaid) {
  EXPECT_EQ(logger_error(R"(, "logger": {"destination": "fiel"})"),
            "f:1: processes[0].logger.destination: 'fiel' is none of file, console, both, none, "
            "did you mean 'file'?");
  EXPECT_EQ(logger_error(R"(, "logger": {"mode": 1})"),
            "f:1: processes[0].logger.mode: must be one of standard, rotate, not a number");
  EXPECT_EQ(logger_error(R"(, "logger": "file")"),
            "f:1: processes[0].logger: a logger is an object, not a string");
  EXPECT_EQ(logger_error(R"(, "logger": {"rotate": {"log_size": 10}})"),
            "f:1: processes[0].logger.rotate.log_size: is too small: a file holds 1024 bytes at "
            "least");
  EXPECT_EQ(logger_error(R"(, "logger": {"rotate": {"backups": 1001}})"),
            "f:1: processes[0].logger.rotate.backups: is too large: at most 1000 files are kept");
  EXPECT_EQ(logger_error(R"(, "logger": {"rotate": {"size": 1}})"),
            "f:1: processes[0].logger.rotate: unknown key 'size': a rotate policy has "
            "log_size, backups");
  EXPECT_EQ(logger_error(R"(, "logger": {"mode": "{{mode}}"})"),
            "f:1: processes[0].logger.mode: endless reference: processes[0].logger.mode -> "
            "processes[0].logger.mode");
}

TEST(Logger, DifferencesAreSaid) {
  const auto plain = load_process("");
  const auto rotated = load_process(R"(, "logger": {"mode": "rotate"})");
  const auto said = load_process(R"(, "logger": {})");
  EXPECT_EQ(first_difference(*plain, *rotated),
            "processes[0].logger.mode: 'standard' is now 'rotate'");
  EXPECT_EQ(first_difference(*plain, *said), "");
}

TEST(Siblings, AreSeenByNumbersBesideThem) {
  Bindings bindings;
  bindings.environment = {{"where", "none"}, {"n", "2"}, {"host2", "second"}};
  const auto task = load(R"({"resources": {"cpu": 1, "ram": "{{disk}}", "disk": 5},
      "processes": [{"name": "a",
        "cmdline": "{{logger.destination}} {{logger.rotate.backups}} {{host{{n}}}} {{&host{{n}}}}",
        "resources": {"ram": 7, "disk": "{{ram}}"},
        "logger": {"destination": "{{where}}", "rotate": {"log_size": "{{backups}}000",
                                                          "backups": 3}}}]})",
                         "f", "", bindings);
  ASSERT_TRUE(task.ok()) << task.error().message;
  EXPECT_EQ(task->resources->ram, 5);
  const ProcessConfig& process = task->processes[0];
  EXPECT_EQ(process.resources->disk, 7);
  EXPECT_EQ(process.logger->rotate.log_size, 3000);
  EXPECT_EQ(process.logger->destination, LogDestination::None);
  EXPECT_EQ(process.cmdline, "none 3 second {{host{{n}}}}");
}

}  // namespace
}  // namespace thermos::config
