// More processes than a program may have descriptors: what there is suffices.
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "starving.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// So many that each say that they run, and then go on.
Json sleepers(std::size_t count) {
  std::vector<Json> processes;
  for (std::size_t i = 0; i < count; ++i) {
    processes.push_back(process("p" + std::to_string(i), "echo >> started; exec sleep 1000",
                                {{"min_duration", 0}, {"max_failures", 0}}));
  }
  return task(processes);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

::testing::AssertionResult all_start(const Site& site, std::size_t count) {
  return wait_until(site.sandbox(),
                    [&] { return count_of(read_file(site.in_sandbox("started")), "\n") >= count; });
}

TEST(Flow, TenTimesAsManyProcessesAsDescriptors) {
  constexpr std::size_t kCount = 3000;
  Site site;
  const std::string config = site.write_config(sleepers(kCount));
  Command runner = site.start(site.run_words(config, "t", {"--quiet", "--sync", "crash"}),
                              {{}, "", limited(RLIMIT_NOFILE, 256)});
  EXPECT_TRUE(all_start(site, kCount));
  EXPECT_FALSE(site.status().contains("shortage"));
  EXPECT_EQ(site.thermos({"kill", "--wait", "0", "t"}).code, 0);
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err.find("short of"), std::string::npos) << ended.err.substr(0, 2000);
  EXPECT_EQ(ended.err.find("oo many open files"), std::string::npos) << ended.err.substr(0, 2000);
}

// Of a user of its own, whom the kernel gives 40 processes, of which each run takes two.
TEST(Flow, AShortageOfProcessesIsSaidOnceAndSoIsItsEnd) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a user without other processes";
  constexpr std::size_t kCount = 60;
  Site site;
  site.publish_programs();
  for (const std::string& path : {site.sandbox(), site.root()}) {
    ::mkdir(path.c_str(), 0777);
    ::chmod(path.c_str(), 0777);
  }
  const std::string gate = site.in_sandbox("gate");
  ASSERT_EQ(::mkfifo(gate.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(gate.c_str(), 0666), 0);
  std::fstream tokens(gate, std::ios::in | std::ios::out);  // so that nobody waits to open it
  std::vector<Json> processes;
  for (std::size_t i = 0; i < kCount; ++i) {
    processes.push_back(process("p" + std::to_string(i), "echo >> started; read -r token < gate",
                                {{"min_duration", 0}, {"max_failures", 0}}));
  }
  Surroundings few;
  few.environment = {{"HOME", site.path()}};
  const auto user = 20'000 + static_cast<uid_t>(::getpid()) % 40'000;
  few.before_exec = [limit = limited(RLIMIT_NPROC, 40), user] {
    limit();
    if (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(127);
  };
  Command runner = site.start(
      site.run_words(site.write_config(task(processes)), "t", {"--quiet", "--sync", "crash"}), few);
  ASSERT_TRUE(all_start(site, 1));
  EXPECT_TRUE(wait_until(site.path(), [&] { return site.status().contains("shortage"); }));
  const Json shortage = site.status()["shortage"];
  EXPECT_EQ(shortage["of"], "pids") << shortage;
  EXPECT_GT(shortage["waiting"], 0) << shortage;
  tokens << std::string(kCount * 100, '\n') << std::flush;  // also for runs that are repeated
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_FALSE(site.status().contains("shortage"));
  EXPECT_EQ(count_of(ended.err, "short of pids: "), 1U) << ended.err;
  EXPECT_EQ(count_of(ended.err, "not short of pids any more"), 1U) << ended.err;
}

}  // namespace
}  // namespace thermos::real
