// Several tasks in one sandbox: each has log directories of its own.
#include <csignal>
#include <filesystem>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

class SharedSandbox : public ThermosTest {
 protected:
  std::string box() const { return work() + "/box"; }
  std::string log_dir(const std::string& id) const {
    return status_of(id).at("header").at("log_dir").get<std::string>();
  }
  static std::string config(const std::string& command) {
    return R"({"processes": [{"name": "p", "cmdline": ")" + command + R"("}]})";
  }
};

TEST_F(SharedSandbox, ATaskDoesNotWriteIntoTheLogsOfAnother) {
  for (const char* id : {"one", "two", "three"}) {
    ASSERT_EQ(run_task(id, config(std::string("echo of ") + id), {"--sandbox", box()}).status, 0);
  }
  EXPECT_EQ(log_dir("one"), box() + "/.logs");
  EXPECT_EQ(log_dir("two"), box() + "/.logs-two");
  EXPECT_EQ(log_dir("three"), box() + "/.logs-three");
  for (const std::string id : {"one", "two", "three"}) {
    EXPECT_EQ(read_text(log_dir(id) + "/p/0/stdout"), "of " + id + "\n");
    EXPECT_EQ(run({"tail", id}).out, "of " + id + "\n");
    EXPECT_EQ(run({"fsck", id}).status, 0);
  }
}

TEST_F(SharedSandbox, AResumedTaskKeepsItsOwn) {
  ASSERT_EQ(run_task("first", config("true"), {"--sandbox", box()}).status, 0);
  const std::string again = file("again.json", config("touch up; until [ -e go ]; do :; done"));
  const Words words{"run", "--task-id", "again", "--sandbox", box(), again};
  {
    Program runner(thermos(words));
    ASSERT_TRUE(real::wait_for_file(box() + "/up"));
    runner.signal(SIGKILL);
    runner.wait();
  }
  write_text(box() + "/go", "");
  EXPECT_EQ(run(words).status, 0);
  EXPECT_EQ(log_dir("again"), box() + "/.logs-again");
  EXPECT_FALSE(std::filesystem::exists(box() + "/.logs-again-again"));
  EXPECT_EQ(run({"run", "--task-id", "again", "--sandbox", box(), again}).status, 64);
}

TEST_F(SharedSandbox, TheLongestIdHasOne) {
  ASSERT_EQ(run_task("first", config("true"), {"--sandbox", box()}).status, 0);
  const std::string id(255, 'x');
  const std::string long_one = file("long.json", config("echo long"));
  EXPECT_EQ(run({"run", "--task-id", id, "--sandbox", box(), long_one}).status, 0);
  EXPECT_EQ(run({"tail", id}).out, "long\n");
}

}  // namespace
}  // namespace thermos::testing
