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

// Of the points of one role as many, and not less of it than there are kinds of fault.
void try_some(Scenario scenario, Role role, std::size_t count) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::vector<Point> all;
  for (const Point& point : points_of(scenario)) {
    if (point.place.role == role) all.push_back(point);
  }
  ASSERT_FALSE(all.empty());
  const std::vector<Point> chosen = sample_of(all, count, seed());
  std::cout << "seed " << seed() << ": " << chosen.size() << " of " << all.size() << " points\n";
  std::cout << to_text(sweep(chosen));
}

TEST(Faults, OfARunner) {
  try_some(Scenario::Run, Role::Runner, 60);
}

TEST(Faults, OfARunnerThatDoesNotSync) {
  try_some(Scenario::RunCrash, Role::Runner, 20);
}

TEST(Faults, OfAForkServer) {
  try_some(Scenario::Run, Role::Server, 50);
}

TEST(Faults, OfWhatBecomesAForkServer) {
  try_some(Scenario::Run, Role::Spawned, 20);
}

TEST(Faults, OfACoordinator) {
  try_some(Scenario::Run, Role::Coordinator, 60);
}

TEST(Faults, OfWhatBecomesAShell) {
  try_some(Scenario::Run, Role::Shell, 20);
}

TEST(Faults, OfADaemon) {
  try_some(Scenario::Daemon, Role::Daemon, 60);
}

TEST(Faults, OfADaemonsForkServer) {
  try_some(Scenario::Daemon, Role::Server, 20);
}

TEST(Faults, OfADaemonsCoordinator) {
  try_some(Scenario::Daemon, Role::Coordinator, 20);
}

TEST(Faults, OfAClient) {
  try_some(Scenario::Submit, Role::Client, 40);
}

}  // namespace
}  // namespace thermos::faults
