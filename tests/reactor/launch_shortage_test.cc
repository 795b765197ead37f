#include "reactor/host/launch_shortage.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace thermos {
namespace {

class LaunchShortageTest : public ::testing::Test {
 protected:
  LaunchShortageTest() : before_(spdlog::default_logger()) {
    task_.processes.resize(10'000);
    for (std::size_t p = 0; p < task_.processes.size(); ++p) {
      task_.processes[p].name = "p" + std::to_string(p);
    }
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~LaunchShortageTest() override { spdlog::set_default_logger(before_); }

  void fail(ProcessIndex p, const std::string& reason) {
    waiting_.insert(p);
    shortage_.add(p, reason);
  }
  void end_turn() {
    shortage_.report([this](ProcessIndex p) { return waiting_.contains(p); });
  }
  std::string said() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream log_;
  const std::string id_ = "t";
  TaskConfig task_;
  std::set<ProcessIndex> waiting_;
  LaunchShortage shortage_{id_, task_};
};

TEST_F(LaunchShortageTest, ManyAreOneLineAndSoIsTheEnd) {
  end_turn();
  EXPECT_EQ(said(), "");
  for (ProcessIndex p = 0; p < 10'000; ++p) fail(p, "no descriptors");
  end_turn();
  const std::string begin = said();
  EXPECT_NE(begin.find("and 9999 more: no descriptors; trying again"), std::string::npos) << begin;
  EXPECT_EQ(begin.find('\n'), begin.size() - 1) << begin;
  // Tried again and again, some with success.
  for (ProcessIndex p = 0; p < 10'000; ++p) {
    fail(p, "no descriptors");
    if (p % 2 == 0) waiting_.erase(p);
    if (p % 100 == 0) end_turn();
  }
  EXPECT_EQ(said(), "");
  waiting_.clear();
  end_turn();
  end_turn();
  const std::string over = said();
  EXPECT_NE(over.find("the shortage is over"), std::string::npos) << over;
  EXPECT_EQ(over.find('\n'), over.size() - 1) << over;
}

TEST_F(LaunchShortageTest, TheNextOneIsSaidAnew) {
  fail(7, "no memory");
  end_turn();
  EXPECT_EQ(said(), "task t, process p7: no memory; trying again until it works\n");
  waiting_.clear();
  end_turn();
  said();
  fail(8, "no pids");
  end_turn();
  EXPECT_EQ(said(), "task t, process p8: no pids; trying again until it works\n");
}

}  // namespace
}  // namespace thermos
