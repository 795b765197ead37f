// Where a program finds itself: the engine that gave the machine, and the reach of its locks.
#include "reactor/host/allocation.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "reactor/os/lock_reach.h"
#include "reactor/os/program_output.h"

namespace thermos {
namespace {

Leadership place_in(const std::map<std::string, std::string>& environment) {
  return find_place([&environment](const char* name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::string() : it->second;
  });
}

TEST(Allocation, IsKnownByTheEnvironment) {
  Leadership place = place_in({});
  EXPECT_EQ(place.engine, "");
  EXPECT_FALSE(place.hostname.empty());
  EXPECT_FALSE(engine_requeues(place));

  place = place_in({{"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "3"}});
  EXPECT_EQ(place.engine, "slurm");
  EXPECT_EQ(place.job, "17");
  EXPECT_EQ(place.restarts, 3U);
  EXPECT_TRUE(engine_requeues(place));
  EXPECT_EQ(yield_status_of(place), 75);

  place =
      place_in({{"JOB_ID", "18"}, {"SGE_ROOT", "/sge"}, {"SGE_TASK_ID", "4"}, {"RESTARTED", "1"}});
  EXPECT_EQ(place.engine, "sge");
  EXPECT_EQ(place.job, "18.4");
  EXPECT_EQ(place.restarts, 1U);
  EXPECT_EQ(yield_status_of(place), 99);

  EXPECT_EQ(place_in({{"NOMAD_ALLOC_ID", "a-b"}}).job, "a-b");
  place = place_in({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}});
  EXPECT_EQ(place.engine, "kubernetes");
  EXPECT_EQ(place.job, place.hostname);
}

TEST(Allocation, WhatIsNoJobIsNone) {
  for (const char* job : {"", "x", "17; rm -rf /", "-1"}) {
    EXPECT_EQ(place_in({{"SLURM_JOB_ID", job}}).engine, "") << job;
    EXPECT_EQ(place_in({{"JOB_ID", job}, {"SGE_ROOT", "/sge"}}).engine, "") << job;
  }
  EXPECT_EQ(place_in({{"JOB_ID", "18"}}).engine, "") << "of something else";
  EXPECT_EQ(place_in({{"SLURM_JOB_ID", "1"}, {"SLURM_RESTART_COUNT", "many"}}).restarts, 0U);
}

TEST(Allocation, TheTimeLeftIsAsSqueuePrintsIt) {
  EXPECT_EQ(time_left_from("04:05"), 245 * kSecond);
  EXPECT_EQ(time_left_from("0:00"), 0);
  EXPECT_EQ(time_left_from("03:04:05"), 11'045 * kSecond);
  EXPECT_EQ(time_left_from("2-03:04:05"), (2 * 86'400 + 11'045) * kSecond);
  for (const char* wrong : {"", "UNLIMITED", "INVALID", "NOT_SET", "5", ":", "1:2:3:4", "-1:00",
                            "1-", "99999999:00", "1:x"}) {
    EXPECT_LT(time_left_from(wrong), 0) << wrong;
  }
}

TEST(Allocation, OfNoEngineNobodyIsAsked) {
  EXPECT_EQ(allocation_end(place_in({}), 5), 0);
  EXPECT_FALSE(job_has_ended(place_in({})));
}

// Stands in for Slurm's programs: `ping` is what `scontrol ping` prints, and `squeue` a line of
// bash.
bool has_ended(const std::string& ping, const std::string& squeue) {
  const std::string before = std::getenv("PATH");
  const std::filesystem::path programs =
      std::filesystem::path(::testing::TempDir()) / ("slurm-" + std::to_string(::getpid()));
  std::filesystem::create_directory(programs);
  for (const auto& [name, text] :
       {std::pair("scontrol", "echo '" + ping + "'"), std::pair("squeue", squeue)}) {
    std::ofstream(programs / name) << "#!/bin/bash\n" << text << "\n";
    std::filesystem::permissions(programs / name, std::filesystem::perms::owner_all);
  }
  setenv("PATH", (programs.string() + ":" + before).c_str(), 1);
  const bool ended = job_has_ended(place_in({{"SLURM_JOB_ID", "17"}}));
  setenv("PATH", before.c_str(), 1);
  std::filesystem::remove_all(programs);
  return ended;
}

TEST(Allocation, AJobHasEndedOnlyIfTheControllerSaysSo) {
  const std::string up = "Slurmctld(primary) at n1 is UP";
  const std::string asks = R"([[ " $* " = *" --jobs=17,17 "* ]] && echo )";
  for (const char* state : {"PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED"}) {
    EXPECT_FALSE(has_ended(up, asks + state)) << state;
  }
  for (const char* state : {"COMPLETED", "CANCELLED", "NODE_FAIL", "TIMEOUT", "PREEMPTED"}) {
    EXPECT_TRUE(has_ended(up, asks + state)) << state;
  }
  EXPECT_TRUE(has_ended(up, "true")) << "it prints nothing of a job that it has forgotten";
  EXPECT_FALSE(has_ended(up, "exit 1")) << "it could not ask";
  const std::string down = "Slurmctld(primary) at n1 is DOWN";
  EXPECT_FALSE(has_ended(down, asks + "COMPLETED")) << "what is known is old";
  EXPECT_FALSE(has_ended(down, "exit 1"));
}

TEST(LockReach, IsThatOfTheFileSystem) {
  for (const char* kind : {"ext4", "xfs", "tmpfs", "overlay", "btrfs"}) {
    EXPECT_EQ(lock_reach_of(kind, "rw"), LockReach::ThisMachine) << kind;
  }
  for (const char* kind : {"nfs", "nfs4", "ceph", "gpfs"}) {
    EXPECT_EQ(lock_reach_of(kind, "rw,hard"), LockReach::AllMachines) << kind;
  }
  for (const char* option : {"nolock", "local_lock=all", "local_lock=posix"}) {
    EXPECT_EQ(lock_reach_of("nfs", std::string("rw,") + option + ",hard"), LockReach::Unknown);
  }
  EXPECT_EQ(lock_reach_of("nfs", "rw,local_lock=none"), LockReach::AllMachines);
  EXPECT_EQ(lock_reach_of("lustre", "rw,flock"), LockReach::AllMachines);
  EXPECT_EQ(lock_reach_of("lustre", "rw,localflock"), LockReach::Unknown);
  for (const char* kind : {"fuse.sshfs", "9p", "virtiofs", ""}) {
    EXPECT_EQ(lock_reach_of(kind, "rw"), LockReach::Unknown) << kind;
  }
}

TEST(LockReach, OfAPathIsFoundOut) {
  const FileSystemReach found = lock_reach_of("/proc/self/mountinfo");
  EXPECT_EQ(found.kind, "proc");
  EXPECT_EQ(found.reach, LockReach::Unknown);
  EXPECT_EQ(lock_reach_of("/no/such/path").reach, LockReach::Unknown);
}

TEST(ProgramOutput, IsWhatItPrintsIfItEndsWell) {
  EXPECT_EQ(output_of({"echo", "a b", "c"}), "a b c");
  EXPECT_EQ(output_of({"cat"}), "") << "it has nothing to read";
  EXPECT_EQ(output_of({"false"}), std::nullopt);
  EXPECT_EQ(output_of({"no-such-program"}), std::nullopt);
  EXPECT_EQ(output_of({"seq", "100000"})->size(), 588'894U);
}

}  // namespace
}  // namespace thermos
