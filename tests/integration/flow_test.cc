// More processes than a program may have descriptors: what there is suffices.
#include <sys/resource.h>

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

}  // namespace
}  // namespace thermos::real
