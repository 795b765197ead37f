// A sample of the fault points in every run of the tests; all.sh tries all of them.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sweep.h"
#include "tracer.h"

namespace thermos::faults {
namespace {

constexpr std::uint32_t kSeed = 11;

std::uint32_t seed() {
  const char* given = std::getenv("THERMOS_FAULT_SEED");
  return given == nullptr ? kSeed : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
}

// Calls at which something was lost once are tried whole, whatever the seed leaves out.
void try_all_of(Scenario scenario, Role role, const std::string& call) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::vector<Point> chosen;
  for (const Point& point : points_of(scenario)) {
    if (point.place.role == role && base_of(point.place.call) == call) chosen.push_back(point);
  }
  ASSERT_FALSE(chosen.empty());
  std::cout << to_text(sweep(chosen));
}

// So many of the points of one role; twice as many with THERMOS_LONG_TESTS.
void try_some(Scenario scenario, Role role, std::size_t count) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::vector<Point> all;
  for (const Point& point : points_of(scenario)) {
    if (point.place.role == role) all.push_back(point);
  }
  ASSERT_FALSE(all.empty());
  if (std::getenv("THERMOS_LONG_TESTS") != nullptr) count *= 2;
  const std::vector<Point> chosen = sample_of(all, count, seed());
  std::cout << "seed " << seed() << ": " << chosen.size() << " of " << all.size() << " points\n";
  std::cout << to_text(sweep(chosen));
}

TEST(FaultPoints, OfARunner) {
  try_some(Scenario::Run, Role::Runner, 80);
}

TEST(FaultPoints, OfARunnerThatDoesNotSync) {
  try_some(Scenario::RunCrash, Role::Runner, 20);
}

TEST(FaultPoints, OfAForkServer) {
  try_some(Scenario::Run, Role::Server, 40);
}

TEST(FaultPoints, OfWhatBecomesAForkServer) {
  try_some(Scenario::Run, Role::Spawned, 20);
}

TEST(FaultPoints, OfACoordinator) {
  try_some(Scenario::Run, Role::Coordinator, 50);
}

TEST(FaultPoints, OfWhatBecomesAShell) {
  try_some(Scenario::Run, Role::Shell, 20);
}

TEST(FaultPoints, OfADaemon) {
  try_some(Scenario::Daemon, Role::Daemon, 70);
}

TEST(FaultPoints, OfADaemonsForkServer) {
  try_some(Scenario::Daemon, Role::Server, 20);
}

TEST(FaultPoints, OfADaemonsCoordinator) {
  try_some(Scenario::Daemon, Role::Coordinator, 20);
}

TEST(FaultPoints, OfAClient) {
  try_some(Scenario::Submit, Role::Client, 40);
}

// A task slept for ever when the answer of its fork server was lost.
TEST(FaultPoints, WhereAForkServerAnswers) {
  try_all_of(Scenario::Run, Role::Server, "sendto");
}

// A shortage there failed a process for good.
TEST(FaultPoints, WhereALaunchIsHandedOver) {
  try_all_of(Scenario::Run, Role::Runner, "sendmsg");
}

// A daemon was deaf from the first one that failed.
TEST(FaultPoints, WhereADaemonAccepts) {
  try_all_of(Scenario::Daemon, Role::Daemon, "accept4");
}

// The leader's socket is bound between a task's making and its first record: killed there, the
// task could neither run nor be submitted again.
TEST(FaultPoints, WhereADaemonBinds) {
  try_all_of(Scenario::Daemon, Role::Daemon, "bind");
}

}  // namespace
}  // namespace thermos::faults
