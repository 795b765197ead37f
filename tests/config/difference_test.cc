#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/config/difference.h"
#include "core/config/load.h"

namespace thermos::config {
namespace {

TaskConfig task() {
  TaskConfig task;
  task.name = "t";
  for (const char* name : {"a", "b", "c"}) {
    ProcessConfig process;
    process.name = name;
    process.cmdline = "true";
    task.processes.push_back(process);
  }
  task.constraints = {{{"a", "b"}}};
  return task;
}

std::string after(const std::function<void(TaskConfig&)>& change) {
  TaskConfig given = task();
  change(given);
  return first_difference(task(), given);
}

TEST(Difference, IsNoneBetweenEquals) {
  EXPECT_EQ(after([](TaskConfig&) {}), "");
}

TEST(Difference, NamesEveryField) {
  EXPECT_EQ(after([](TaskConfig& t) { t.name = "u"; }), "name: 't' is now 'u'");
  EXPECT_EQ(after([](TaskConfig& t) { t.user = "joe"; }), "user: '' is now 'joe'");
  EXPECT_EQ(after([](TaskConfig& t) { t.max_failures = 2; }), "max_failures: 1 is now 2");
  EXPECT_EQ(after([](TaskConfig& t) { t.max_concurrency = 2; }), "max_concurrency: 0 is now 2");
  EXPECT_EQ(after([](TaskConfig& t) { t.finalization_wait = 1'500'000; }),
            "finalization_wait: 30 is now 1.5");
  EXPECT_EQ(after([](TaskConfig& t) { t.resources = Resources{}; }), "resources: are new");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[2].name = "d"; }),
            "processes[2].name: 'c' is now 'd'");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[2].cmdline = "x"; }),
            "processes[2].cmdline: 'true' is now 'x'");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[0].max_failures = 0; }),
            "processes[0].max_failures: 1 is now 0");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[0].daemon = true; }),
            "processes[0].daemon: false is now true");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[0].ephemeral = true; }),
            "processes[0].ephemeral: false is now true");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[0].final = true; }),
            "processes[0].final: false is now true");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[0].min_duration = 1; }),
            "processes[0].min_duration: 5 is now 0.000001");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].resources = Resources{}; }),
            "processes[1].resources: are new");
  EXPECT_EQ(after([](TaskConfig& t) {
              t.processes[1].env.entries = {{"A", "1"}};
            }),
            "processes[1].env.A: '1' is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].argv = {"x"}; }),
            "processes[1].argv[0]: 'x' is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].cwd = "x"; }),
            "processes[1].cwd: '' is now 'x'");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].input = "x"; }),
            "processes[1].stdin: '' is now 'x'");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].success_codes = {3}; }),
            "processes[1].success_codes[0]: 0 is now 3");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].stop_signal.number = 2; }),
            "processes[1].stop_signal: 'TERM' is now 'INT'");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes[1].stop_wait = kSecond; }),
            "processes[1].stop_wait: is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.env.entries = {{"A", "1"}}; }), "env.A: '1' is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.constraints[0].order[1] = "c"; }),
            "constraints[0].order[1]: 'b' is now 'c'");
}

TEST(Difference, ComparesResources) {
  TaskConfig a = task();
  TaskConfig b = task();
  a.resources = Resources{1, 2, 3};
  EXPECT_EQ(first_difference(a, b), "resources: are gone");
  b.resources = Resources{1.5, 2, 3};
  EXPECT_EQ(first_difference(a, b), "resources.cpu: 1 is now 1.5");
  b.resources = Resources{1, 4, 3};
  EXPECT_EQ(first_difference(a, b), "resources.ram: 2 is now 4");
  b.resources = Resources{1, 2, 0};
  EXPECT_EQ(first_difference(a, b), "resources.disk: 3 is now 0");
}

TEST(Difference, NamesWhatIsNewOrGone) {
  EXPECT_EQ(after([](TaskConfig& t) { t.processes.pop_back(); }), "processes[2]: 'c' is gone");
  EXPECT_EQ(after([](TaskConfig& t) { t.processes.push_back(t.processes[0]); }),
            "processes[3]: 'a' is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.constraints.clear(); }),
            "constraints[0]: the order from 'a' is gone");
  EXPECT_EQ(after([](TaskConfig& t) { t.constraints.emplace_back(); }),
            "constraints[1]: an empty order is new");
  EXPECT_EQ(after([](TaskConfig& t) { t.constraints[0].order.emplace_back("c"); }),
            "constraints[0].order[2]: 'c' is new");
}

TEST(Difference, ShowsTheEndsOfLongTextsWhereTheyDiffer) {
  TaskConfig a = task();
  TaskConfig b = task();
  const std::string same(200, 'x');
  a.processes[0].cmdline = same + " --old\nline";
  b.processes[0].cmdline = same + " --new " + std::string(1000, 'y');
  EXPECT_EQ(first_difference(a, b),
            "processes[0].cmdline: '...xxxxxxx --old\\nline' is now '...xxxxxxx --new "
            "yyyyyyyyyyyyyyyyyyyyyyyyyy...'");
  b.processes[0].cmdline = same;
  EXPECT_EQ(first_difference(a, b),
            "processes[0].cmdline: '...xxxxxxxxxx --old\\nline' is now '...xxxxxxxxxx'");
}

}  // namespace
}  // namespace thermos::config
