// How processes and coordinators die, and what becomes of their trees.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "starving.h"
#include "task_run.h"

namespace thermos::real {
namespace {

const Json kAtOnce = {{"min_duration", 0}};

// A first run leaves its tree's pids in `pids` and stays; later ones succeed. The tree: bash, a
// child, a grandchild, and one that was forked twice, leads a session of its own and ignores TERM.
// Each writes its own pid, so that all of them are known to stand.
const std::string kTree =
    "[ -e again ] && exit 0; touch again;"
    "echo $$ >> pids;"
    "(trap '' TERM; echo $BASHPID >> pids; (echo $BASHPID >> pids; sleep 1000) & sleep 1000) &"
    "setsid bash -c '(trap \"\" TERM HUP; setsid bash -c \"echo \\$\\$ >> pids; "
    "trap : TERM; while :; do sleep 1000; done\" & ) & exit 0';"
    "sleep 1000; sleep 1000";

void expect_gone(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) EXPECT_FALSE(alive(pid)) << pid << " " << command_name(pid);
}

// Kills the fork server of that runner, and waits until it is dead.
void kill_fork_server(pid_t runner) {
  int killed = 0;
  for (const pid_t child : children_of(runner)) {
    if (command_name(child) == "coordinator") continue;
    EXPECT_EQ(command_name(child), "thermos-forks") << program_of(child);
    const Watched server(child);
    EXPECT_TRUE(server.signal(SIGKILL));
    EXPECT_TRUE(server.ends_within(-1));
    ++killed;
  }
  EXPECT_EQ(killed, 1);
}

TEST(Death, BySigkillIsKilledAndRunsAgain) {
  Site site;
  const Ended ended =
      site.run(task({process("main", "[ -e again ] && exit 0; touch again; kill -9 $$", kAtOnce)}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "KILLED SUCCESS");
  EXPECT_EQ(runs(status, "main")[0]["return_code"], -SIGKILL);
}

TEST(Death, BySigsegvIsAFailure) {
  Site site;
  const Ended ended = site.run(task({process("main", "kill -SEGV $$", kAtOnce)}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "FAILED");
  EXPECT_EQ(runs(status, "main")[0]["return_code"], -SIGSEGV);
}

// Who is killed last must not be who waits for the others.
TEST(Death, OfACoordinatorLetsNoShellGoOnToItsNextCommand) {
  Site site;
  std::vector<Json> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(process("p" + std::to_string(i),
                          "echo start >> ledger; sleep 1000; echo went on >> ledger",
                          {{"min_duration", 3600}}));
  }
  Command runner = site.start_run(site.write_config(task(all)));
  for (int i = 0; i < 20; ++i) {
    const std::string name = "p" + std::to_string(i);
    const Json run = site.run_in_state(name, "RUNNING");
    ASSERT_FALSE(run.is_null());
    // The shell has its command under it.
    ASSERT_TRUE(wait_until(site.sandbox(), [&] {
      return static_cast<std::size_t>(count_lines(site.in_sandbox("ledger"))["start"]) >= 20U;
    }));
    while (children_of(run["pid"].get<pid_t>()).empty()) {
    }
    EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
    EXPECT_FALSE(site.run_in_state(name, "LOST").is_null());
  }
  runner.signal(SIGINT);
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")), (std::map<std::string, int>{{"start", 20}}));
}

TEST(Death, OfACoordinatorIsLostItsTreeGoesFirstAndTheNextRunSucceeds) {
  Site site;
  Command runner = site.start_run(site.write_config(task({process("main", kTree, kAtOnce)})));
  const std::vector<pid_t> tree = pids_in(site.in_sandbox("pids"), 4);
  ASSERT_EQ(tree.size(), 4U);
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  const pid_t coordinator = run["coordinator_pid"];
  ASSERT_TRUE(Watched(coordinator).signal(SIGKILL));
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_gone(tree);
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "LOST SUCCESS");
  EXPECT_FALSE(runs(status, "main")[0].contains("return_code"));
  EXPECT_NE(runs(status, "main")[0]["origin"], "recorded");
  EXPECT_GT(runs(status, "main")[1]["fork_time"], runs(status, "main")[0]["stop_time"]);
}

TEST(Death, OfACoordinatorBeforeTheNextRunStartsNothingOfTheTreeLives) {
  Site site;
  // The second run itself looks whether anything of the first is there.
  const std::string looks =
      "if [ -e pids ]; then for p in $(cat pids); do "
      "s=$(cut -d' ' -f3 /proc/$p/stat 2>/dev/null); "
      "[ -z \"$s\" -o \"$s\" = Z ] || exit 9; done; exit 0; fi;";
  Command runner =
      site.start_run(site.write_config(task({process("main", looks + kTree, kAtOnce)})));
  ASSERT_EQ(pids_in(site.in_sandbox("pids"), 4).size(), 4U);
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  ASSERT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "main"), "LOST SUCCESS");
}

TEST(Tree, IsGoneWhenItsProcessEnds) {
  Site site;
  // The main process leaves by itself once its tree stands; the next process looks.
  const std::string tree = kTree.substr(0, kTree.rfind("sleep 1000; sleep 1000")) +
                           "until [ $(wc -l < pids) -ge 4 ]; do sleep 0.02; done";
  const std::string looks =
      "for p in $(cat pids); do [ ! -e /proc/$p ] || "
      "[ $(cut -d' ' -f3 /proc/$p/stat) = Z ] || exit 9; done";
  const Ended ended =
      site.run(task({process("main", tree), process("look", looks)}, {{"main", "look"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const std::vector<pid_t> pids = pids_in(site.in_sandbox("pids"), 4);
  EXPECT_EQ(pids.size(), 4U);
  expect_gone(pids);
}

TEST(Tree, IsGoneWhenItsTaskIsKilled) {
  for (const char* wait : {"0", "0.3"}) {
    Site site;
    Command runner = site.start_run(site.write_config(task({process("main", kTree)})));
    const std::vector<pid_t> tree = pids_in(site.in_sandbox("pids"), 4);
    ASSERT_EQ(tree.size(), 4U);
    const Ended killed = site.thermos({"kill", "--wait", wait, "t"});
    EXPECT_EQ(killed.code, 0) << killed.err;
    // When kill returns, not some time after.
    expect_gone(tree);
    EXPECT_EQ(runner.wait().code, 2);
    EXPECT_EQ(site.status()["state"], "KILLED");
  }
}

TEST(Tree, IsGoneWhenAnAdoptedProcessEnds) {
  Site site;
  const std::string config = site.write_config(task({process("main", kTree)}));
  Command first = site.start_run(config);
  const std::vector<pid_t> tree = pids_in(site.in_sandbox("pids"), 4);
  ASSERT_EQ(tree.size(), 4U);
  first.destroy();
  for (const pid_t pid : tree) EXPECT_TRUE(alive(pid)) << pid;
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  const Ended killed = site.thermos({"kill", "--wait", "0", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  expect_gone(tree);
  EXPECT_EQ(second.wait().code, 2);
}

TEST(Death, OfTheForkServerIsNoticedByNobody) {
  Site site;
  // The second process starts only when the test has killed the fork server.
  Command runner = site.start_run(
      site.write_config(task({process("first", "touch up; until [ -e go ]; do sleep 0.02; done"),
                              process("second", "echo ran >> second")},
                             {{"first", "second"}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  kill_fork_server(runner.pid());
  ASSERT_FALSE(::testing::Test::HasFailure());
  EXPECT_EQ(
      Command({"/usr/bin/touch", site.in_sandbox("go")}, site.path() + "/touch", {}).wait().code,
      0);
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "first"), "SUCCESS");
  EXPECT_EQ(states(site.status(), "second"), "SUCCESS");
}

// Every number below the limit that the runner was started with is taken, and what runs is to be
// started with that limit.
TEST(Death, OfTheForkServerIsNoticedByNobodyWhoHasManyDescriptors) {
  constexpr int kLimit = 40;
  Site site;
  ASSERT_EQ(::mkfifo(site.in_sandbox("go").c_str(), 0600), 0);
  std::vector<Json> all;
  std::string go;
  for (int i = 0; i < kLimit; ++i) {
    // One after the other, so that each keeps the lowest number that is free.
    const std::string before = "p" + std::to_string(i - 1);
    all.push_back(process("p" + std::to_string(i), "read -N 1 < go",
                          i == 0 ? Json() : Json({{"needs", {{before, "start"}}}})));
    go += "x";
  }
  // The last, so that its end frees none of the low numbers.
  all.push_back(process("first", "touch up; until [ -e on ]; do sleep 0.02; done",
                        {{"needs", {{"p" + std::to_string(kLimit - 1), "start"}}}}));
  all.push_back(process("second", "ulimit -Sn > limit"));
  std::fstream opened(site.in_sandbox("go"));
  Surroundings few;
  few.before_exec = limited(RLIMIT_NOFILE, kLimit, true);
  Command runner =
      site.start(site.run_words(site.write_config(task(all, {{"first", "second"}})), "t"), few);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const std::string open = "/proc/" + std::to_string(runner.pid()) + "/fd/";
  for (int number = 0; number < kLimit; ++number) {
    EXPECT_TRUE(exists(open + std::to_string(number))) << number;
  }
  kill_fork_server(runner.pid());
  std::ofstream(site.in_sandbox("on")).flush();
  EXPECT_TRUE(wait_for_text(site.in_sandbox("limit"), "\n")) << read_file(runner.errors());
  opened << go << std::flush;
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("limit")), std::to_string(kLimit) + "\n");
}

// One that ends at once would otherwise be started again and again.
TEST(Death, OfTheForkServerAtItsStartKeepsNobodyBusy) {
  Site site;
  site.publish_programs();
  const std::string program = site.path() + "/bin/thermos-coordinator";
  const std::string tries = site.path() + "/tries";
  Command runner = site.start_run(
      site.write_config(task({process("first", "touch up; until [ -e go ]; do sleep 0.02; done"),
                              process("second", "true")},
                             {{"first", "second"}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  std::filesystem::rename(program, program + ".good");
  std::ofstream(program) << "#!/bin/bash\necho $EPOCHREALTIME >> " << tries << "\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  kill_fork_server(runner.pid());
  std::vector<double> times;
  ASSERT_TRUE(wait_until(site.path(), [&] {
    times.clear();
    std::ifstream lines(tries);
    for (double time = 0; lines >> time;) times.push_back(time);
    return times.size() >= 3;
  }));
  EXPECT_GT(times[2] - times[1], 0.5);
  std::filesystem::rename(program + ".good", program);
  std::ofstream(site.in_sandbox("go")).flush();
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "second"), "SUCCESS");
}

}  // namespace
}  // namespace thermos::real
