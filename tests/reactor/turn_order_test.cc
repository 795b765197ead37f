// In which order those who were marked in a turn write and act.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "reactor/host/reactor.h"

namespace thermos {
namespace {

class Member : public TurnParticipant {
 public:
  std::vector<GroupSync::File> write_turn() override {
    log->push_back("write " + name);
    return {};
  }
  void turn_synced(std::span<const GroupSync::File> /*files*/) override {}
  void end_turn() override { log->push_back("act " + name); }
  void fork_server_died() override {}
  bool coordinator_cannot_write(pid_t /*pid*/, int /*error_number*/) override { return false; }

  std::string name;
  std::vector<std::string>* log = nullptr;
};

// Neither the order in which they were marked nor their addresses decide.
TEST(TurnOrder, IsThatInWhichTheyJoined) {
  auto reactor = Reactor::make();
  ASSERT_TRUE(reactor.ok()) << reactor.error().message;
  std::vector<std::string> log;
  std::array<Member, 5> members;
  std::vector<std::string> expected;
  for (const std::size_t i : {3, 0, 4, 1, 2}) {
    members[i].name = std::to_string(i);
    members[i].log = &log;
    (*reactor)->join(&members[i]);
    expected.push_back("write " + members[i].name);
  }
  for (const std::size_t i : {3, 0, 4, 1, 2}) expected.push_back("act " + members[i].name);
  for (const std::size_t i : {1, 2, 4, 3, 0, 1}) (*reactor)->mark_dirty(&members[i]);
  (*reactor)->after_turn = [&] { (*reactor)->loop().stop(); };
  (*reactor)->loop().run();
  EXPECT_EQ(log, expected);
  for (Member& member : members) (*reactor)->leave(&member);
}

}  // namespace
}  // namespace thermos
