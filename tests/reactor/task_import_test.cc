// Roots of Apache Thermos: shown, and imported. The real one is tests/ancestor_root.
#include "reactor/store/task_import.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/config/load.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/views/task_view.h"
#include "root_fixture.h"

namespace thermos {
namespace {

class TaskImported : public RootFixture {
 protected:
  void SetUp() override {
    RootFixture::SetUp();
    std::filesystem::copy(THERMOS_SOURCE "/tests/ancestor_root", path("old"),
                          std::filesystem::copy_options::recursive);
  }
  Paths old() const { return Paths(path("old")); }

  Result<ImportedTask> import(const std::string& id) const {
    auto import = TaskImport::begin(old(), paths());
    if (!import) return import.error();
    return import->take(id);
  }
  std::string error_of(const std::string& id) const {
    const auto imported = import(id);
    return imported ? "" : imported.error().message;
  }
  // All names under the new root.
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(paths().root())) {
      if (!entry.is_directory() || entry.path().parent_path().filename() == "checkpoints") {
        names.insert(entry.path().lexically_relative(paths().root()).string());
      }
    }
    return names;
  }
  std::string runner_of(const std::string& id) const { return old().runner_stream(id); }
};

TEST_F(TaskImported, AllThatIsThere) {
  const auto ids = list_ancestor_tasks(old());
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(*ids, (std::vector<std::string>{"failure", "sleep60", "sleep60-lost"}));
  for (const std::string& id : *ids) {
    const auto shown = read_recorded_task(old(), id);
    ASSERT_TRUE(shown.ok()) << shown.error().message;
    const auto imported = import(id);
    ASSERT_TRUE(imported.ok()) << imported.error().message;
    EXPECT_EQ(imported->was_active, id == "sleep60-lost");
    EXPECT_FALSE(imported->before);
    const auto stream = read_runner_stream(paths().runner_stream(id));
    ASSERT_TRUE(stream.ok()) << stream.error().message;
    EXPECT_EQ(stream->history.state(), shown->state());
    EXPECT_EQ(stream->history.processes(), shown->processes()) << id;
    EXPECT_EQ(stream->history.steps().front().reason, "imported from " + path("old"));
    const auto task = config::load_bound(slurp(paths().finished_task(id)), "the task");
    ASSERT_TRUE(task.ok()) << task.error().message;
    EXPECT_EQ(task->user, "wickman");
  }
  const RootReport report = check();
  EXPECT_TRUE(report.findings.empty()) << all_of(report);
  EXPECT_EQ(report.tasks, 3U);
  EXPECT_EQ(names(), (std::set<std::string>{
                         "checkpoints/failure", "checkpoints/failure/runner", "checkpoints/sleep60",
                         "checkpoints/sleep60/runner", "checkpoints/sleep60-lost",
                         "checkpoints/sleep60-lost/runner", "tasks/finished/failure",
                         "tasks/finished/sleep60", "tasks/finished/sleep60-lost"}));
}

TEST_F(TaskImported, ASecondTimeChangesNothing) {
  ASSERT_TRUE(import("sleep60").ok());
  const std::string before = everything();
  const auto again = import("sleep60");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->before);
  EXPECT_EQ(everything(), before);
}

TEST_F(TaskImported, WhatAnImportLeftWhenItWasKilledIsCompleted) {
  ASSERT_TRUE(import("sleep60").ok());
  const std::string before = everything();
  std::filesystem::remove(paths().finished_task("sleep60"));
  std::filesystem::create_directory(paths().checkpoints_dir() + "/.importing");
  spit(paths().checkpoints_dir() + "/.importing/runner", "half");
  spit(paths().checkpoints_dir() + "/.import.lock", "");
  const auto again = import("sleep60");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_FALSE(again->before);
  EXPECT_EQ(everything(), before);
}

TEST_F(TaskImported, ABadTaskLeavesNothing) {
  spit(old().finished_task("sleep60"), "{\"name\": \"x\", \"processes\": [{\"name\": \"sleep\"}]}");
  EXPECT_NE(error_of("sleep60").find("cmdline"), std::string::npos) << error_of("sleep60");
  spit(old().finished_task("failure"), R"({"processes": [{"name": "p1", "cmdline": "true"}]})");
  EXPECT_NE(error_of("failure").find("no process p2"), std::string::npos);
  flip(runner_of("sleep60-lost"), 4);
  EXPECT_NE(error_of("sleep60-lost"), "");
  std::filesystem::create_directory(old().checkpoint_dir("bare"));
  EXPECT_NE(error_of("bare"), "");
  EXPECT_NE(error_of(".."), "");
  EXPECT_TRUE(names().empty());
}

TEST_F(TaskImported, AnotherTaskOfThatIdStaysAsItIs) {
  make_task(false, true, "sleep60");
  make_task(true, false, "failure");
  const std::string before = everything();
  for (const char* id : {"sleep60", "failure"}) {
    EXPECT_NE(error_of(id).find("another task of this id"), std::string::npos) << error_of(id);
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(TaskImported, OnlyIntoAnotherRootAndOneAtATime) {
  EXPECT_EQ(TaskImport::begin(old(), old()).error().code, ErrorCode::Usage);
  const auto first = TaskImport::begin(old(), paths());
  ASSERT_TRUE(first.ok());
  const auto second = TaskImport::begin(old(), paths());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::Busy);
}

TEST_F(TaskImported, PortsAreBoundFromTheHeader) {
  // The header's empty map, 0d 0006 0b 0a 00000000, gets one entry.
  std::string bytes = slurp(runner_of("sleep60"));
  const std::string empty{"\x0d\x00\x06\x0b\x0a\x00\x00\x00\x00", 9};
  const std::size_t at = bytes.find(empty);
  ASSERT_NE(at, std::string::npos);
  const std::string entry{"\x00\x00\x00\x04http\x00\x00\x00\x00\x00\x00\x1f\x90", 16};
  bytes.replace(at, empty.size(), std::string{"\x0d\x00\x06\x0b\x0a\x00\x00\x00\x01", 9} + entry);
  bytes[0x2c] = static_cast<char>(0x6d + entry.size());  // the length of the second record
  spit(runner_of("sleep60"), bytes);
  spit(
      old().finished_task("sleep60"),
      R"({"processes": [{"name": "sleep", "cmdline": "serve {{thermos.ports[http]}} {{thermos.task_id}}"}]})");
  const auto imported = import("sleep60");
  ASSERT_TRUE(imported.ok()) << imported.error().message;
  const auto task = config::load_bound(slurp(paths().finished_task("sleep60")), "the task");
  ASSERT_TRUE(task.ok());
  EXPECT_EQ(task->processes.front().cmdline, "serve 8080 sleep60");
}

// ---- shown without an import ----

TEST_F(TaskImported, ARunnersStreamIsNotLedByUs) {
  const auto stream = read_runner_stream(runner_of("sleep60-lost"));
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::Corrupt);
  EXPECT_NE(stream.error().message.find("thermos import"), std::string::npos);
}

TEST_F(TaskImported, EveryCutAndFlipIsMet) {
  const TaskEntry entry{"sleep60-lost", TaskDirectory::Active};
  const std::string bytes = slurp(runner_of(entry.id));
  const std::string coordinator = old().coordinator_stream(entry.id, "sleep");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    spit(runner_of(entry.id), bytes.substr(0, cut));
    const TaskView view = view_task(old(), entry);
    ASSERT_TRUE(view.history.has_value()) << cut << ": " << view.error;
    // Shorter than a record's beginning it could be anybody's.
    if (cut > 7) {
      EXPECT_EQ(view.history->state(), TaskState::Lost) << cut;
    }
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    spit(runner_of(entry.id), flipped);
    const TaskView view = view_task(old(), entry);
    EXPECT_EQ(view.history.has_value(), view.error.empty()) << bit;
  }
  spit(runner_of(entry.id), bytes);
  const std::string recorded = slurp(coordinator);
  for (std::size_t cut = 0; cut <= recorded.size(); ++cut) {
    spit(coordinator, recorded.substr(0, cut));
    const TaskView view = view_task(old(), entry);
    ASSERT_TRUE(view.history.has_value()) << cut << ": " << view.error;
  }
  std::size_t told = 0;
  for (std::size_t bit = 0; bit < 8 * recorded.size(); ++bit) {
    std::string flipped = recorded;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    spit(coordinator, flipped);
    const TaskView view = view_task(old(), entry);
    EXPECT_EQ(view.history.has_value(), view.error.empty()) << bit;
    if (view.history) {
      EXPECT_EQ(view.history->state(), TaskState::Lost) << bit;
    } else {
      EXPECT_NE(view.error.find("coordinator.sleep"), std::string::npos) << view.error;
      ++told;
    }
  }
  EXPECT_GT(told, 0U) << "of what can't be";
}

}  // namespace
}  // namespace thermos
