#include "core/record/state.h"

#include <gtest/gtest.h>
#include <csignal>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace thermos {
namespace {

// The rules again, written the other way round: as a list of what may be.
const std::set<std::pair<std::string, std::string>> kProcessSteps = {
    {"WAITING", "FORKED"}, {"WAITING", "FAILED"},  {"FORKED", "RUNNING"}, {"FORKED", "KILLED"},
    {"FORKED", "LOST"},    {"RUNNING", "SUCCESS"}, {"RUNNING", "FAILED"}, {"RUNNING", "KILLED"},
    {"RUNNING", "LOST"},   {"WAITING", "LOST"},
};

const std::set<std::pair<std::string, std::string>> kTaskSteps = {
    {"ACTIVE", "ACTIVE"},       {"ACTIVE", "CLEANING"},   {"CLEANING", "CLEANING"},
    {"CLEANING", "FINALIZING"}, {"CLEANING", "SUCCESS"},  {"CLEANING", "FAILED"},
    {"CLEANING", "KILLED"},     {"CLEANING", "LOST"},     {"FINALIZING", "FINALIZING"},
    {"FINALIZING", "SUCCESS"},  {"FINALIZING", "FAILED"}, {"FINALIZING", "KILLED"},
    {"FINALIZING", "LOST"},
};

template <typename State>
void visit_every_cell(std::size_t states,
                      const std::set<std::pair<std::string, std::string>>& steps) {
  std::size_t allowed = 0;
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      const auto from = static_cast<State>(i);
      const auto to = static_cast<State>(j);
      const std::pair step{std::string(name_of(from)), std::string(name_of(to))};
      EXPECT_EQ(may_follow(from, to), steps.contains(step)) << step.first << " " << step.second;
      if (may_follow(from, to)) {
        ++allowed;
        EXPECT_FALSE(is_terminal(from)) << step.first;
      }
    }
  }
  EXPECT_EQ(allowed, steps.size());
}

TEST(State, EveryCellOfTheProcessTable) {
  visit_every_cell<ProcessState>(kProcessStates, kProcessSteps);
}

TEST(State, EveryCellOfTheTaskTable) {
  visit_every_cell<TaskState>(kTaskStates, kTaskSteps);
}

TEST(State, TerminalStatesAndStarts) {
  for (std::size_t i = 0; i < kProcessStates; ++i) {
    const auto state = static_cast<ProcessState>(i);
    EXPECT_EQ(is_terminal(state), i >= 3) << name_of(state);
    EXPECT_EQ(starts_run(state), state == ProcessState::Waiting);
  }
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    EXPECT_EQ(is_terminal(static_cast<TaskState>(i)), i >= 3);
  }
}

TEST(State, NamesGoThereAndBack) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kProcessStates; ++i) {
    const auto state = static_cast<ProcessState>(i);
    names.insert(name_of(state));
    EXPECT_EQ(process_state_from(name_of(state)), state);
  }
  EXPECT_EQ(names.size(), kProcessStates);
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    const auto state = static_cast<TaskState>(i);
    EXPECT_EQ(task_state_from(name_of(state)), state);
  }
  EXPECT_FALSE(process_state_from("ACTIVE"));
  EXPECT_FALSE(process_state_from("waiting"));
  EXPECT_FALSE(process_state_from(""));
  EXPECT_FALSE(task_state_from("RUNNING"));
}

TEST(State, EndOfEveryExitCode) {
  for (int code = 0; code <= 255; ++code) {
    const ProcessEnd end = end_of(code << 8);
    EXPECT_EQ(end.state, code == 0 ? ProcessState::Success : ProcessState::Failed) << code;
    EXPECT_EQ(end.return_code, code);
  }
}

TEST(State, EndByCodesThatAreASuccess) {
  ExitCodes success;
  success.clear();
  for (const int code : {3, 64, 255}) success.add(code);
  for (int code = 0; code <= 255; ++code) {
    const bool good = code == 3 || code == 64 || code == 255;
    const ProcessEnd end = end_of(code << 8, {.success = success});
    EXPECT_EQ(end.state, good ? ProcessState::Success : ProcessState::Failed) << code;
    EXPECT_EQ(end.return_code, code);
  }
  EXPECT_EQ(end_of(3 << 8, {.success = success, .service_manager = true}).state,
            ProcessState::Success);
  EXPECT_EQ(end_of(SIGTERM, {.success = success}).state, ProcessState::Killed);
}

// A process that is asked to end by SIGABRT, and dies of it, did nothing wrong.
TEST(State, EndByTheSignalThatAskedForIt) {
  EXPECT_EQ(end_of(SIGABRT, {.asked = SIGABRT}).state, ProcessState::Killed);
  EXPECT_EQ(end_of(SIGSEGV, {.asked = SIGABRT}).state, ProcessState::Failed);
  EXPECT_EQ(end_of(0, {.asked = SIGABRT}).state, ProcessState::Success);
  EXPECT_EQ(end_of(1 << 8, {.asked = SIGABRT}).state, ProcessState::Failed);
}

TEST(State, EndAsTheMachineGoesDown) {
  EXPECT_EQ(end_of(0, {.service_manager = true}).state, ProcessState::Success);
  EXPECT_EQ(end_of(SIGSEGV, {.service_manager = true}).state, ProcessState::Failed);
  const ProcessEnd gave_up = end_of(3 << 8, {.service_manager = true});
  EXPECT_EQ(gave_up.state, ProcessState::Killed);
  EXPECT_EQ(gave_up.return_code, 3);
}

TEST(State, EndOverItsMemory) {
  EXPECT_EQ(end_of(SIGKILL, {.over_its_memory = true}).state, ProcessState::Failed);
  EXPECT_EQ(end_of(SIGKILL, {.over_its_memory = true}).return_code, -SIGKILL);
  EXPECT_EQ(end_of(SIGTERM, {.over_its_memory = true}).state, ProcessState::Killed);
  EXPECT_EQ(end_of(0, {.over_its_memory = true}).state, ProcessState::Success);
}

TEST(State, EndOfEverySignalWithAndWithoutACore) {
  const std::set<int> own = {SIGILL,  SIGTRAP, SIGABRT,   SIGBUS,  SIGFPE, SIGSEGV,
                             SIGPIPE, SIGSYS,  SIGSTKFLT, SIGXCPU, SIGXFSZ};
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    for (const int core : {0, 0x80}) {
      const ProcessEnd end = end_of(signal | core);
      EXPECT_EQ(end.state, own.contains(signal) ? ProcessState::Failed : ProcessState::Killed)
          << signal;
      EXPECT_EQ(end.return_code, -signal);
    }
  }
}

}  // namespace
}  // namespace thermos
