#include "core/record/paths.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/text.h"

namespace thermos {
namespace {

TEST(TaskIdRule, HoldsForEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string id = std::string("a") + static_cast<char>(byte) + "b";
    const bool good = byte >= 0x20 && byte < 0x7F && byte != '/';
    EXPECT_EQ(check_task_id(id).ok(), good) << byte;
    // What there is already, made by a version that took it, is a task.
    EXPECT_EQ(may_be_task(id), byte != 0 && byte != '/') << byte;
  }
  for (const char* good : {"a", "größe", "a.b", "a b", "-", "{{x}}"}) {
    EXPECT_TRUE(check_task_id(good).ok()) << good;
  }
  for (const std::string bad :
       {"", ".a", ".", "..", "../up", "\xc3", "\xed\xa0\x80", "a\xff", "x\n"}) {
    EXPECT_FALSE(check_task_id(bad).ok()) << quoted(bad);
  }
  EXPECT_TRUE(check_task_id(std::string(255, 'x')).ok());
  EXPECT_FALSE(check_task_id(std::string(256, 'x')).ok());
}

}  // namespace
}  // namespace thermos
