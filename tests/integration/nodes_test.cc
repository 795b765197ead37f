// A task over several nodes, each with a real server behind pipes, all on this machine: nothing is
// lost and nothing runs twice, whoever is killed.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ledger.h"
#include "node_servers.h"

namespace thermos::real {
namespace {

constexpr int kProcessesOnNodes = 100;
constexpr int kMostKillsOnNodes = 100;

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<pid_t> coordinators_on_nodes(pid_t leader) {
  std::vector<pid_t> parents = servers(leader);
  parents.push_back(::getpid());
  std::vector<pid_t> found;
  for (const pid_t parent : parents) {
    for (const pid_t child : children_of(parent)) {
      if (command_name(child) == "coordinator" && alive(child)) found.push_back(child);
    }
  }
  return found;
}

std::vector<pid_t> fork_servers_on_nodes(pid_t leader) {
  std::vector<pid_t> found;
  for (const pid_t parent : servers(leader)) {
    for (const pid_t child : children_of(parent)) {
      if (command_name(child) == "thermos-forks") found.push_back(child);
    }
  }
  return found;
}

Json node_process(const std::string& name, const std::string& cmdline, const std::string& on = "") {
  Json json{{"name", name}, {"cmdline", cmdline}, {"min_duration", 0}};
  if (!on.empty()) json["on"] = on;
  return json;
}

Json latest(Site& site, const std::string& name) {
  return site.status()["processes"][name].back();
}

TEST(Nodes, EachRunIsWhereItIsToBe) {
  Site site;
  const std::string here = "echo $THERMOS_NODE >>" + site.in_sandbox("nodes") + "; ";
  Json task{{"name", "t"}, {"max_concurrency", 1}};
  task["processes"] = {node_process("first", here + "true", "n2"),
                       node_process("beside", here + "true", "same-as first"),
                       node_process("everywhere", here + "true", "each"),
                       node_process("anywhere", here + "true")};
  task["constraints"] = {{{"order", {"first", "beside", "everywhere", "anywhere"}}}};
  const Ended ended = site.run(task, "t", nodes("n1,n2") + Words{"-v"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("nodes")), "n2\nn2\nn1\nn2\nn1\n");
  EXPECT_EQ(latest(site, "first")["node"], "n2");
  EXPECT_EQ(latest(site, "everywhere@n1")["node"], "n1");
  EXPECT_TRUE(exists(site.checkpoint("t") + "/nodes/n2/coordinator.first"));
  EXPECT_FALSE(exists(site.checkpoint("t") + "/coordinator.first"));
  EXPECT_TRUE(exists(site.in_sandbox(".logs/anywhere/0/stdout")));
  const Ended checked = site.thermos({"fsck"});
  EXPECT_EQ(checked.code, 0) << checked.out;
  EXPECT_EQ(checked.out.find("nodes"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("1 task, 6 streams"), std::string::npos) << checked.out;
}

// Where the ended task's processes ran is no change of FILE.
TEST(Nodes, ARerunWithAConfigurationIsOnTheNodesOfTheEndedTask) {
  Site site;
  const std::string ran = site.in_sandbox("ran");
  const auto notes = [&](const std::string& name) {
    return "echo " + name + " $THERMOS_NODE >>" + ran + "; ";
  };
  Json task{{"name", "t"}, {"max_concurrency", 1}};
  task["processes"] = {node_process("a", notes("a") + "true", "each"),
                       node_process("b", notes("b") + "test -e " + site.in_sandbox("fixed"), "n2"),
                       node_process("c", notes("c") + "true", "each")};
  task["constraints"] = {{{"order", {"a", "b", "c"}}}};
  const std::string config = site.write_config(task);
  EXPECT_EQ(site.start_run(config, "old", nodes("n1,n2")).wait().code, 1);
  EXPECT_EQ(read_file(ran), "a n1\na n2\nb n2\n");
  std::filesystem::remove(ran);
  std::ofstream(site.in_sandbox("fixed")).flush();
  const Ended again = site.thermos({"rerun", "old", "--config", config, "--task-id", "new"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(read_file(ran), "b n2\nc n1\nc n2\n");
}

// With nodes, and on this machine alone.
TEST(Nodes, TheExample) {
  const std::string config = THERMOS_SOURCE "/reactor/examples/nodes.yaml";
  for (const bool many : {true, false}) {
    Site site;
    const Ended ended = site.start_run(config, "t", many ? nodes("n1,n2") : Words{}).wait();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    EXPECT_EQ(read_file(site.in_sandbox(".logs/join/0/stdout")),
              many ? "n1: 40 numbers\nn2: 40 numbers\n" : "here: 40 numbers\n");
  }
}

TEST(Nodes, AFailureASignalAndAFinalizerAreAsOnOneMachine) {
  Site site;
  Json task{{"name", "t"}};
  Json last =
      node_process("last", "echo $THERMOS_NODE $THERMOS_RESULT >" + site.in_sandbox("last"));
  last["final"] = true;
  Json slow = node_process("slow", "trap 'exit 3' TERM; sleep 1000 & wait");
  slow["ephemeral"] = true;
  Json fails = node_process("fails", "exit 7");
  fails["max_failures"] = 2;
  task["processes"] = {slow, fails, last};
  const Ended ended = site.run(task, "t", nodes("n1"));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["processes"]["fails"].size(), 2u);
  EXPECT_EQ(status["processes"]["fails"][1]["return_code"], 7);
  EXPECT_EQ(read_file(site.in_sandbox("last")), "n1 FAILED\n");
}

TEST(Nodes, AKillReachesWhatRunsThere) {
  Site site;
  Json task{{"name", "t"}};
  task["processes"] = {
      node_process("p", "echo $$ >" + site.in_sandbox("pid") + "; exec sleep 1000")};
  Command leader = site.start_run(site.write_config(task), "t", nodes("n1"));
  const pid_t pid = pid_in(site.in_sandbox("pid"));
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(leader.wait().code, 2);
  EXPECT_FALSE(alive(pid));
}

// What ran before the leader died runs on, and its end is on record although nobody led then.
TEST(Nodes, ALeaderThatDiesLeavesItsRunsAlone) {
  Site site;
  Json task{{"name", "t"}};
  task["processes"] = {node_process(
      "p", "echo $$ >" + site.in_sandbox("pid") + "; until [ -e " + site.in_sandbox("go") +
               " ]; do sleep 0.05; done; echo p >>" + site.in_sandbox("ledger"))};
  const std::string config = site.write_config(task);
  Command leader = site.start_run(config, "t", nodes("n1"));
  const pid_t pid = pid_in(site.in_sandbox("pid"));
  leader.destroy();
  EXPECT_TRUE(alive(pid));
  Command next = site.start_run(config, "t", nodes("n1"));
  ASSERT_TRUE(site.leads(next));
  EXPECT_TRUE(alive(pid));
  std::ofstream(site.in_sandbox("go")).put('\n');
  const Ended ended = next.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(site.status()["processes"]["p"].size(), 1u);
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "p\n");
}

TEST(Nodes, AServerThatDiesIsNoDeath) {
  Site site;
  Json task{{"name", "t"}};
  task["processes"] = {node_process("p", "echo $$ >" + site.in_sandbox("pid") + "; until [ -e " +
                                             site.in_sandbox("go") + " ]; do sleep 0.05; done")};
  Command leader = site.start_run(site.write_config(task), "t", nodes("n1"));
  const pid_t pid = pid_in(site.in_sandbox("pid"));
  const auto first = servers(leader.pid());
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(Watched(first[0]).signal(SIGKILL));
  ASSERT_TRUE(wait_for_text(leader.errors(), "can't be reached"));
  EXPECT_TRUE(alive(pid));
  std::ofstream(site.in_sandbox("go")).put('\n');
  EXPECT_EQ(leader.wait().code, 0);
  EXPECT_EQ(site.status()["processes"]["p"].size(), 1u);
}

// Its health is no worse while nobody can ask, and is asked for again when its node can be reached.
TEST(Nodes, AHealthThatNobodyCanAskForIsNoIllness) {
  Site site;
  const std::string well = site.in_sandbox("well");
  // It is asked for at once, and may be so before its process has done anything.
  std::filesystem::create_directories(std::filesystem::path(well).parent_path());
  std::ofstream(well).flush();
  Json p = node_process("p", "echo $$ >" + site.in_sandbox("pid") + "; exec sleep 1000");
  p["healthy"] = {{"file", well}, {"interval", 0.02}, {"failures", 1}};
  Json task{{"name", "t"}};
  task["processes"] = {p};
  Command leader = site.start_run(site.write_config(task), "t", nodes("n1"));
  const pid_t pid = pid_in(site.in_sandbox("pid"));
  const auto first = servers(leader.pid());
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(Watched(first[0]).signal(SIGKILL));
  ASSERT_TRUE(wait_for_text(leader.errors(), "can't be reached"));
  EXPECT_TRUE(alive(pid));
  ASSERT_TRUE(std::filesystem::remove(well));
  EXPECT_EQ(leader.wait().code, 1);
  const Json runs = site.status()["processes"]["p"];
  ASSERT_EQ(runs.size(), 1u);
  const std::string reason = runs[0].value("reason", "");
  EXPECT_EQ(reason.find("reached"), std::string::npos) << reason;
}

// The command that tells whether a node is gone says yes: what ran there is LOST, and runs on the
// other. When the first can be reached again, what still runs there is ended before anything
// starts.
TEST(Nodes, ANodeThatIsGone) {
  Site site;
  const std::string down = site.in_sandbox("down");
  Json task{{"name", "t"}};
  Json p = node_process("p", "echo $THERMOS_NODE $$ >>" + site.in_sandbox("pids") +
                                 "; [ $THERMOS_RUN = 0 ] && exec sleep 1000; true");
  Json q = node_process(
      "q", "kill -0 $(head -1 " + site.in_sandbox("pids") + " | cut -d' ' -f2) && exit 9; echo q",
      "n1");
  q["needs"] = {"p"};
  task["processes"] = {p, q};
  task["nodes"] = {{"by", "n1,n2=[ {node} = n1 ] && [ -e " + down +
                              " ] && exit 1; [ {node} = n1 ] || until [ -e " +
                              site.in_sandbox("pids") + " ]; do sleep 0.05; done; " + launcher()},
                   {"gone", "[ {node} = n1 ]"}};
  Command leader = site.start_run(site.write_config(task), "t", {"-v"});
  ASSERT_TRUE(wait_for_text(site.in_sandbox("pids"), "n1 "));
  std::ofstream(down).put('\n');
  for (const pid_t server : servers(leader.pid())) {
    if (read_file("/proc/" + std::to_string(server) + "/environ").find("NODE=n1") !=
        std::string::npos) {
      EXPECT_TRUE(Watched(server).signal(SIGKILL));
    }
  }
  ASSERT_TRUE(wait_for_text(site.in_sandbox("pids"), "n2 "));
  ASSERT_TRUE(std::filesystem::remove(down));
  const Ended ended = leader.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json runs = site.status()["processes"]["p"];
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0]["state"], "LOST");
  EXPECT_EQ(runs[0]["node"], "n1");
  EXPECT_EQ(runs[0]["origin"], "node gone");
  EXPECT_EQ(runs[1]["node"], "n2");
  EXPECT_NE(ended.out.find("node n1 is gone"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("node n1 is back"), std::string::npos) << ended.out;
}

TEST(Nodes, OneCommandRunsOnANodeToo) {
  Site site;
  const Ended ended = site.thermos(Words{"simplerun", "--task-id", "t", "--sandbox"} +
                                   Words{site.sandbox()} + nodes("n1") + Words{"true"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(latest(site, "simple")["node"], "n1");
}

TEST(Nodes, WhatIsNoListOfNodesIsRefused) {
  Site site;
  Json task{{"name", "t"}};
  task["processes"] = {node_process("p", "true")};
  const std::string config = site.write_config(task);
  for (const auto& [given, says] : std::vector<std::pair<std::string, std::string>>{
           {"hosts", "is neither slurm"},
           {"a,b=echo", "there is no {node}"},
           {"a,a=echo {node}", "named twice"},
           {"=echo {node}", "no node is named"},
           {"a b=echo {node}", "can't be the name of a node"},
           {"slurm", "SLURM_JOB_NODELIST is not set"}}) {
    const Ended ended = site.start_run(config, "bad", {"--nodes", given}).wait();
    EXPECT_NE(ended.code, 0) << given;
    EXPECT_NE(ended.err.find(says), std::string::npos) << ended.err;
    EXPECT_FALSE(exists(site.checkpoint("bad")));
  }
}

class NodesLedger : public ::testing::TestWithParam<std::uint32_t> {};

// Leaders, servers, their fork servers and coordinators die at any moment.
TEST_P(NodesLedger, AnyoneKilledAgainAndAgain) {
  Dice dice(GetParam());
  Site site;
  const Json task = ledger_task(dice, kProcessesOnNodes);
  const std::string config = site.write_config(task);
  const Words options =
      nodes("n1,n2,n3") + Words{"-q", "--sync", dice.throw_one(0, 1) == 0 ? "power" : "crash"};
  int leaders = 0;
  int others = 0;
  for (;;) {
    Command leader = site.start_run(config, "t", options);
    bool killed = false;
    while (!killed && leaders + others < kMostKillsOnNodes &&
           !leader.ends_within(dice.throw_one(5, 150))) {
      reap_orphans(leader.pid());
      const int victim = dice.throw_one(0, 9);
      const auto victims = victim < 3   ? std::vector<pid_t>{}
                           : victim < 6 ? servers(leader.pid())
                           : victim < 7 ? fork_servers_on_nodes(leader.pid())
                                        : coordinators_on_nodes(leader.pid());
      if (victim < 3) {
        killed = true;
        leader.destroy();
        ++leaders;
      } else if (!victims.empty() && Watched(dice.pick(victims)).signal(SIGKILL)) {
        ++others;
      }
    }
    if (!killed) {
      expect_success(leader.wait());
      break;
    }
  }
  const Repeats repeats = expect_repeats_explained(site, task);
  const Ended checked = site.thermos({"fsck"});
  EXPECT_EQ(checked.code, 0) << checked.out;
  std::cout << leaders << " leaders and " << others << " others killed, " << repeats.lost
            << " runs lost, " << repeats.killed << " killed, " << repeats.repeats << " repeats\n";
}

INSTANTIATE_TEST_SUITE_P(Seeds, NodesLedger, ::testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace thermos::real
