// What is wrong with the daemon's settings is said with its place, and with what would be right.
#include "reactor/daemon/settings.h"

#include <gtest/gtest.h>

#include "root_fixture.h"

namespace thermos {
namespace {

class SettingsText : public RootFixture {
 protected:
  // The error of settings with this text, without the path in front.
  std::string error_of(const std::string& text) const {
    spit(path("settings"), text);
    const auto settings = load_settings(path("settings"), {});
    if (settings) return "none";
    const std::string front = path("settings") + ":";
    const std::string& message = settings.error().message;
    EXPECT_EQ(settings.error().code, ErrorCode::BadConfig) << message;
    EXPECT_TRUE(message.starts_with(front)) << message;
    return message.substr(std::min(front.size(), message.size()));
  }
};

TEST_F(SettingsText, AWrongOneIsRefusedWithItsPlace) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"",
       " is empty: an object of settings is expected, as in {\"sync\": \"power\", "
       "\"keep_logs\": 100}"},
      {"- a",
       "1:1: an object of settings is expected, as in {\"sync\": \"power\", "
       "\"keep_logs\": 100}"},
      {"sync: no", "1:7: sync: it is \"power\" or \"crash\""},
      {"sync: power\nsync: crash", "2:7: key 'sync' is given twice"},
      {"log_level: loud",
       "1:12: log_level: it is trace, debug, info, warn, error, critical or off"},
      {"keep_logs: [1]", "1:12: keep_logs: it is a whole number from 0 to 4294967295"},
      {"keep_logs: 1.5", "1:12: keep_logs: it is a whole number from 0 to 4294967295"},
      {"keep_logs: -1", "1:12: keep_logs: it is a whole number from 0 to 4294967295"},
      {"pools: 3", "1:8: pools: it is an object, as in {\"gpu\": 2}"},
      {"pools: [gpu]", "1:8: pools: it is an object, as in {\"gpu\": 2}"},
      {"pools: {gpu: many}", "1:14: pools.gpu: it is a whole number from 1 to 4294967295"},
      {"pools: {gpu: 0}", "1:14: pools.gpu: it is a whole number from 1 to 4294967295"},
      {"pools: {\"a/b\": 1}", "1:16: pools: 'a/b': a name can't hold '/'"},
      {"pools: {\"\": 1}", "1:13: pools: a name can't be empty"},
      {"{\"pools\": {\"gpu\": 1, \"gpu\": 2}}", "1: pools: key 'gpu' is given twice"},
      {"hi: 1",
       "1:5: hi: no such setting; there are sync, log_level, pools, keep_logs, tasks_per_user, "
       "processes_per_task, connections, connections_per_user, queue_bytes, keep_days, keep_tasks, "
       "keep_bytes"},
      {"keep_days: -1", "1:12: keep_days: it is a whole number from 0 to 36500"},
      {"keep_days: 40000", "1:12: keep_days: it is a whole number from 0 to 36500"},
      {"keep_tasks: few", "1:13: keep_tasks: it is a whole number from 0 to 1000000000"},
      {"keep_bytes: 10G", "1:13: keep_bytes: it is a whole number from 0 to 4611686018427387904"},
  };
  for (const Case& one : cases) EXPECT_EQ(error_of(one.text), one.error) << one.text;
}

TEST_F(SettingsText, ARightOneChangesWhatItNames) {
  spit(path("settings"), "pools: {gpu: 2, tape: 4294967295}\nkeep_logs: 0\n");
  const auto settings = load_settings(path("settings"), {});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  ASSERT_EQ(settings->pools.entries.size(), 2U);
  EXPECT_EQ(settings->pools.entries[1].second, 4294967295U);
  EXPECT_EQ(settings->keep_logs, 0U);
  EXPECT_FALSE(settings->retention.any()) << "by itself the daemon removes nothing";
}

TEST_F(SettingsText, WhatIsKeptIsSaidByRules) {
  spit(path("settings"), "keep_days: 2\nkeep_tasks: 0\nkeep_bytes: 1000\n");
  const auto settings = load_settings(path("settings"), {});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_EQ(settings->retention.older, 2 * 24 * 3600 * kSecond);
  EXPECT_EQ(settings->retention.keep, 0U);
  EXPECT_EQ(settings->retention.bytes, 1000U);
}

}  // namespace
}  // namespace thermos
