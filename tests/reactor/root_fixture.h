// A root directory with tasks, written record by record.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/record/paths.h"
#include "reactor/fsck/fsck.h"
#include "stream_fixture.h"

namespace thermos {

class RootFixture : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    for (const std::string& made :
         {paths().active_dir(), paths().finished_dir(), paths().checkpoints_dir()}) {
      std::filesystem::create_directories(made);
    }
  }

  Paths paths() const { return Paths(path("root")); }
  std::string runner(const std::string& id = "t") const { return paths().runner_stream(id); }
  std::string coordinator(const std::string& process = "p", const std::string& id = "t") const {
    return paths().coordinator_stream(id, process);
  }
  std::string beside(const std::string& file, const std::string& id = "t") const {
    return paths().checkpoint_dir(id) + "/" + file;
  }

  // ---- records ----

  static RunnerHeader header_of(const std::string& id) {
    RunnerHeader header = StreamFixture::header();
    header.task_id = id;
    return header;
  }
  static TaskStatus task(TaskState state) {
    TaskStatus status;
    status.state = state;
    status.at = {10, static_cast<Microseconds>(state)};
    status.runner_pid = 77;
    status.boot = {1, 2};
    return status;
  }
  // A transition of run `run`; every run has four of them.
  static ProcessStatus step(std::uint32_t run, ProcessState state) {
    ProcessStatus status;
    status.process = "p";
    status.run = run;
    status.seq = 4 * std::uint64_t{run} + (is_terminal(state) ? 3 : static_cast<unsigned>(state));
    status.state = state;
    status.at = {static_cast<Microseconds>(100 + status.seq),
                 static_cast<Microseconds>(status.seq)};
    if (state == ProcessState::Forked) {
      status.identity = {500, 9000 + run};
      status.boot = {1, 2};
    }
    if (state == ProcessState::Running) status.identity = {501, 9000 + run};
    if (state == ProcessState::Success) status.return_code = 0;
    return status;
  }
  // The records of a run, as its coordinator writes them, and as the runner does.
  static std::vector<Record> coordinators(std::uint32_t run) {
    return {step(run, ProcessState::Forked), step(run, ProcessState::Running),
            step(run, ProcessState::Success)};
  }
  static std::vector<Record> runners(std::uint32_t run) {
    std::vector<Record> all = coordinators(run);
    all.insert(all.begin(), step(run, ProcessState::Waiting));
    return all;
  }
  static std::vector<Record> ending() {
    return {task(TaskState::Cleaning), task(TaskState::Success)};
  }
  static void add(std::vector<Record>& all, const std::vector<Record>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  // ---- files ----

  void make_task_file(bool active, const std::string& id = "t",
                      const std::vector<std::string>& processes = {"p"}) const {
    std::string text;
    for (const std::string& name : processes) {
      if (!text.empty()) text += ", ";
      text += R"({"name": ")" + name + R"(", "cmdline": "true"})";
    }
    spit(active ? paths().active_task(id) : paths().finished_task(id),
         R"({"name": "job", "processes": [)" + text + "]}");
  }
  // Appends records, creating the stream and its directory if needed, and releases the lock.
  static void write(const std::string& stream, const std::vector<Record>& all) {
    std::filesystem::create_directories(std::filesystem::path(stream).parent_path());
    std::size_t count = 0;
    auto writer = lead(stream, count);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    append_all(*writer, all);
  }
  // A task whose only process ran once. `ended`: the task has ended too.
  void make_task(bool active, bool ended, const std::string& id = "t") const {
    make_task_file(active, id);
    std::vector<Record> all{header_of(id), task(TaskState::Active)};
    add(all, runners(0));
    if (ended) add(all, ending());
    write(runner(id), all);
    write(coordinator("p", id), coordinators(0));
  }
  static void tear(const std::string& stream, std::size_t bytes) {
    std::filesystem::resize_file(stream, std::filesystem::file_size(stream) - bytes);
  }
  static void flip(const std::string& file, std::size_t at) {
    std::string bytes = slurp(file);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    spit(file, bytes);
  }
  // The paths and contents of all files under the root.
  std::string everything() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("root"))) {
      const bool plain = entry.is_regular_file();
      files.push_back(entry.path().string() + "\n" + (plain ? slurp(entry.path()) : "") + "\n");
    }
    std::sort(files.begin(), files.end());
    std::string all;
    for (const std::string& file : files) all += file;
    return all;
  }

  // ---- checks ----

  RootReport check(bool repair = false) const {
    const auto ids = list_task_ids(paths());
    EXPECT_TRUE(ids.ok());
    return check_root(paths(), *ids, repair);
  }
  // The only finding; fails the test if there is another number of findings.
  Finding only(bool repair = false) const {
    const RootReport report = check(repair);
    EXPECT_EQ(report.findings.size(), 1U) << all_of(report);
    return report.findings.empty() ? Finding{} : report.findings.front();
  }
  static const Finding* about(const RootReport& report, const std::string& file) {
    const auto it = std::find_if(report.findings.begin(), report.findings.end(),
                                 [&](const Finding& finding) { return finding.file == file; });
    return it == report.findings.end() ? nullptr : &*it;
  }
  static std::string all_of(const RootReport& report) {
    std::string text;
    for (const Finding& finding : report.findings) {
      text += std::string(name_of(finding.severity)) + " " + finding.file + " " + finding.what +
              " | " + finding.did + "\n";
    }
    return text;
  }
};

}  // namespace thermos
