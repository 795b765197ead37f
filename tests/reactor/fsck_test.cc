// What fsck finds in a root, fault by fault.
#include "reactor/fsck/fsck.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "reactor/store/compaction.h"
#include "root_fixture.h"

namespace thermos {
namespace {

class Fsck : public RootFixture {
 protected:
  static void bind_socket(const std::string& path) {
    const Descriptor fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
};

TEST_F(Fsck, AFinishedTaskIsClean) {
  make_task(false, true);
  const RootReport report = check();
  EXPECT_TRUE(report.findings.empty()) << all_of(report);
  EXPECT_EQ(report.tasks, 1U);
  EXPECT_EQ(report.streams, 2U);
  EXPECT_EQ(report.records, 2U + 4U + 2U + 3U);
  EXPECT_FALSE(report.corrupt() || report.remains());
}

TEST_F(Fsck, ARootThatIsNotThere) {
  EXPECT_EQ(list_task_ids(Paths(path("nowhere"))).error().code, ErrorCode::NotFound);
  spit(path("file"), "x");
  EXPECT_EQ(list_task_ids(Paths(path("file"))).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(list_task_ids(paths())->empty());
}

TEST_F(Fsck, IdsComeFromEveryPlace) {
  make_task_file(true, "a");
  make_task_file(false, "b");
  std::filesystem::create_directory(paths().checkpoint_dir("c"));
  spit(paths().active_dir() + "/.hidden", "");
  EXPECT_EQ(*list_task_ids(paths()), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(Fsck, AnActiveTaskThatNobodyLeads) {
  make_task(true, false);
  {
    const auto leader = StreamWriter::open(runner());
    ASSERT_TRUE(leader.ok());
    EXPECT_TRUE(check().findings.empty()) << all_of(check());
    EXPECT_TRUE(check(true).findings.empty());
  }
  const Finding finding = only(true);
  EXPECT_EQ(finding.severity, Severity::Warning);
  EXPECT_EQ(finding.file, paths().active_task("t"));
  EXPECT_NE(finding.what.find("nobody leads"), std::string::npos);
  EXPECT_FALSE(finding.repaired);
  EXPECT_TRUE(check().remains());
}

TEST_F(Fsck, ATaskThatEndedAndWasNotMoved) {
  make_task(true, true);
  {
    const auto leader = StreamWriter::open(runner());
    EXPECT_TRUE(check(true).findings.empty()) << "it may be just about to move it";
  }
  const std::string before = everything();
  EXPECT_NE(only().what.find("ended SUCCESS"), std::string::npos);
  EXPECT_EQ(everything(), before) << "a check changes nothing";
  const Finding repaired = only(true);
  EXPECT_TRUE(repaired.repaired) << repaired.did;
  EXPECT_NE(repaired.did.find("moved"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(paths().active_task("t")));
  EXPECT_TRUE(std::filesystem::exists(paths().finished_task("t")));
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(Fsck, AFinishedTaskThatDidNotEnd) {
  make_task(false, false);
  const Finding finding = only(true);
  EXPECT_EQ(finding.severity, Severity::Error);
  EXPECT_FALSE(finding.corrupt || finding.repaired);
  EXPECT_NE(finding.what.find("ends ACTIVE"), std::string::npos) << finding.what;
}

TEST_F(Fsck, TornTailsAreCutUnderTheLock) {
  make_task(false, true);
  const std::string whole = slurp(coordinator());
  const std::string ended = slurp(runner());
  spit(coordinator(), whole + ended.substr(24, 13));  // the first bytes of some frame
  spit(runner(), ended + std::string(64, '\0'));
  const RootReport found = check();
  ASSERT_EQ(found.findings.size(), 2U) << all_of(found);
  for (const auto& [file, size] :
       {std::pair(coordinator(), whole.size()), {runner(), ended.size()}}) {
    const Finding* finding = about(found, file);
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->severity, Severity::Warning);
    EXPECT_EQ(finding->offset, size);
    EXPECT_FALSE(finding->corrupt);
  }
  EXPECT_NE(about(found, coordinator())->what.find("13 bytes"), std::string::npos);
  {
    const auto leader = StreamWriter::open(runner());
    const RootReport led = check(true);
    EXPECT_EQ(about(led, coordinator())->repaired, false) << "somebody leads";
    EXPECT_EQ(slurp(coordinator()).size(), whole.size() + 13);
  }
  const RootReport repaired = check(true);
  EXPECT_FALSE(repaired.remains()) << all_of(repaired);
  EXPECT_NE(about(repaired, coordinator())->did.find("cut off 13 bytes"), std::string::npos);
  EXPECT_EQ(slurp(coordinator()), whole);
  EXPECT_EQ(slurp(runner()), ended);
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(Fsck, ATailWhoseWriterLivesIsNoFinding) {
  make_task(true, false);
  const std::string whole = slurp(coordinator());
  spit(coordinator(), whole + whole.substr(24, 21));
  const auto leader = StreamWriter::open(runner());
  ASSERT_NE(about(check(), coordinator()), nullptr);
  EXPECT_EQ(about(check(), coordinator())->remedy, Remedy::CutTail);
  const auto writer = StreamWriter::open(coordinator());
  EXPECT_TRUE(check(true).findings.empty()) << all_of(check());
}

TEST_F(Fsck, CorruptBytesAreNamedAndTheTaskIsLeftAsItIs) {
  make_task(true, true);
  spit(coordinator(), slurp(coordinator()) + std::string(5, '\1'));
  spit(beside("runner.compact"), "x");
  flip(runner(), 24 + 8 + 40);  // in the first record
  const std::string before = everything();
  const RootReport report = check(true);
  const Finding* finding = about(report, runner());
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(finding->corrupt);
  EXPECT_EQ(finding->severity, Severity::Error);
  EXPECT_EQ(finding->offset, 24U);
  EXPECT_EQ(finding->what.find(runner()), std::string::npos) << "the file is named apart";
  EXPECT_TRUE(report.corrupt());
  EXPECT_EQ(everything(), before);
  for (const Finding& other : report.findings) EXPECT_FALSE(other.repaired);
}

// No byte of a stream can change without a finding, and no repair makes it look true.
TEST_F(Fsck, EveryFlippedByteIsFound) {
  make_task(false, true);
  for (const std::string& stream : {runner(), coordinator()}) {
    const std::string whole = slurp(stream);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      flip(stream, at);
      const std::string flipped = slurp(stream);
      const RootReport report = check(true);
      ASSERT_TRUE(report.corrupt()) << stream << " at " << at << "\n" << all_of(report);
      ASSERT_EQ(slurp(stream), flipped);
      spit(stream, whole);
    }
  }
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(Fsck, ATaskFileThatDoesNotLoad) {
  make_task(true, false);
  spit(paths().active_task("t"), "{\"name\": \"job\", ");
  const RootReport report = check();
  EXPECT_TRUE(report.corrupt());
  EXPECT_NE(about(report, paths().active_task("t")), nullptr);
  std::filesystem::remove(paths().active_task("t"));
  std::filesystem::create_directory(paths().active_task("t"));
  EXPECT_NE(about(check(), paths().active_task("t"))->what.find("not a regular file"),
            std::string::npos);
}

TEST_F(Fsck, InBothDirectories) {
  make_task(false, true);
  make_task_file(true, "t", {"p", "q"});
  const std::string before = everything();
  const RootReport report = check(true);
  ASSERT_NE(about(report, paths().finished_task("t")), nullptr);
  EXPECT_TRUE(report.remains());
  EXPECT_EQ(everything(), before) << "which one is wrong is for a person to say";
}

// ---- streams against each other ----------------------------------------------------------------

TEST_F(Fsck, UnreadRecordsOfAnActiveTask) {
  make_task(true, false);
  write(runner(), {step(1, ProcessState::Waiting)});
  write(coordinator(), coordinators(1));
  const RootReport report = check();
  const Finding* finding = about(report, coordinator());
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::Note);
  EXPECT_NE(finding->what.find("3 records beyond"), std::string::npos) << finding->what;
  EXPECT_NE(finding->what.find("SUCCESS of run 1"), std::string::npos) << finding->what;
}

// A power cut can take the runner's WAITING and leave what the coordinator wrote.
TEST_F(Fsck, UnreadRecordsWhoseWaitingIsLost) {
  make_task(true, false);
  write(coordinator(), coordinators(1));
  EXPECT_FALSE(check().corrupt()) << all_of(check());
}

TEST_F(Fsck, UnreadRecordsThatCanNotFollow) {
  make_task(true, false);
  write(coordinator(), coordinators(2));
  const RootReport report = check();
  ASSERT_NE(about(report, coordinator()), nullptr);
  EXPECT_TRUE(about(report, coordinator())->corrupt) << all_of(report);
  EXPECT_GT(about(report, coordinator())->offset, 24U);
}

TEST_F(Fsck, UnreadRecordsOfATaskThatEnded) {
  make_task(false, true);
  write(coordinator(), {step(1, ProcessState::Forked)});
  const Finding finding = only(true);
  EXPECT_EQ(finding.severity, Severity::Error);
  EXPECT_FALSE(finding.repaired);
  EXPECT_NE(finding.what.find("the task has ended"), std::string::npos) << finding.what;
}

TEST_F(Fsck, StreamsThatTellDifferentStories) {
  make_task(false, true);
  std::filesystem::remove(coordinator());
  auto all = coordinators(0);
  std::get<ProcessStatus>(all[1]).identity.pid = 502;
  write(coordinator(), all);
  const Finding finding = only(true);
  EXPECT_TRUE(finding.corrupt);
  EXPECT_NE(finding.what.find("RUNNING of run 0"), std::string::npos) << finding.what;
}

TEST_F(Fsck, RecordsThatDoNotBelongInACoordinatorsStream) {
  ProcessStatus other = step(1, ProcessState::Forked);
  other.process = "q";
  ProcessSummary summary;
  summary.process = "p";
  summary.next_seq = 8;
  summary.next_run = 2;
  const std::vector<Record> wrong = {other,
                                     summary,
                                     header_of("t"),
                                     task(TaskState::Active),
                                     step(1, ProcessState::Waiting),
                                     step(1, ProcessState::Running),
                                     step(0, ProcessState::Success)};
  for (const Record& record : wrong) {
    make_task(true, false);
    write(coordinator(), {record});
    const RootReport report = check();
    ASSERT_NE(about(report, coordinator()), nullptr);
    EXPECT_TRUE(about(report, coordinator())->corrupt) << all_of(report);
    std::filesystem::remove_all(paths().checkpoint_dir("t"));
  }
}

TEST_F(Fsck, WhatIsLeftOfATaskThatEndedIsNoFault) {
  make_task(false, true);
  std::filesystem::remove(paths().finished_task("t"));
  Finding finding = only();
  EXPECT_EQ(finding.severity, Severity::Note);
  EXPECT_NE(finding.advice.find("`thermos gc` removes it"), std::string::npos);
  // As a removal leaves it that was interrupted.
  spit(beside("removed"), "{}");
  finding = only();
  EXPECT_EQ(finding.severity, Severity::Note);
  EXPECT_NE(finding.what.find("removal was not completed"), std::string::npos);
}

TEST_F(Fsck, AnActiveTaskWithoutItsFileIsAFault) {
  make_task(true, false);
  std::filesystem::remove(paths().active_task("t"));
  const Finding finding = only();
  EXPECT_EQ(finding.severity, Severity::Error);
  EXPECT_NE(finding.advice.find("`thermos gc`"), std::string::npos);
}

// After the compaction of both there is no record that both have.
TEST_F(Fsck, CompactedStreamsAgree) {
  make_task_file(true);
  std::vector<Record> all{header_of("t"), task(TaskState::Active)};
  for (std::uint32_t run = 0; run < 20; ++run) add(all, runners(run));
  write(runner(), all);
  auto stream = read_runner_stream(runner());
  ASSERT_TRUE(stream.ok());
  stream->history.drop_old(3);
  const auto leader = compact_stream(runner(), stream->history, false);
  ASSERT_TRUE(leader.ok());
  for (const std::uint32_t from : {0U, 12U, 18U, 20U}) {
    std::filesystem::remove(coordinator());
    ProcessSummary summary;
    summary.process = "p";
    summary.next_seq = 4 * std::uint64_t{from};
    summary.next_run = from;
    if (from > 0) write(coordinator(), {summary});
    for (std::uint32_t run = from; run < 20; ++run) write(coordinator(), coordinators(run));
    EXPECT_TRUE(check().findings.empty()) << all_of(check());
  }
}

TEST_F(Fsck, TheHistoryOfAnother) {
  make_task_file(false);
  write(runner(), {header_of("u"), task(TaskState::Active), task(TaskState::Cleaning),
                   task(TaskState::Success)});
  EXPECT_NE(only().what.find("another task, u"), std::string::npos);
}

TEST_F(Fsck, AProcessThatTheTaskDoesNotHave) {
  make_task(false, true);
  make_task_file(false, "t", {"q"});
  const RootReport report = check(true);
  ASSERT_NE(about(report, runner()), nullptr);
  ASSERT_NE(about(report, coordinator()), nullptr);
  EXPECT_TRUE(std::filesystem::exists(coordinator()));
}

// ---- locks -------------------------------------------------------------------------------------

TEST_F(Fsck, ACoordinatorThatLivesWithoutALeader) {
  make_task(true, false);
  write(runner(), {step(1, ProcessState::Waiting)});
  write(coordinator(), {step(1, ProcessState::Forked)});
  {
    const auto held = StreamWriter::open(coordinator());
    const RootReport report = check(true);
    bool told = false;
    for (const Finding& finding : report.findings) {
      told = told || finding.what.find("pid 500, lives, and nobody") != std::string::npos;
    }
    EXPECT_TRUE(told) << all_of(report);
  }
  bool gone = false;
  for (const Finding& finding : check().findings) {
    if (finding.file == coordinator()) {
      EXPECT_EQ(finding.severity, Severity::Note);
    }
    gone = gone || finding.what.find("beyond the runner's history") != std::string::npos;
  }
  EXPECT_TRUE(gone);
}

TEST_F(Fsck, ARunWithoutAnEndWhoseCoordinatorIsGone) {
  make_task(true, false);
  write(runner(), {step(1, ProcessState::Waiting), step(1, ProcessState::Forked)});
  write(coordinator(), {step(1, ProcessState::Forked)});
  const RootReport report = check();
  const Finding* finding = about(report, coordinator());
  ASSERT_NE(finding, nullptr) << all_of(report);
  EXPECT_EQ(finding->severity, Severity::Note);
  EXPECT_NE(finding->what.find("run 1 has no end"), std::string::npos) << finding->what;
}

TEST_F(Fsck, StreamsOfNodesAreTheTasksOwn) {
  make_task(false, true);
  const std::string node = beside("nodes/n1");
  std::filesystem::create_directories(node);
  spit(node + "/server", "");
  std::filesystem::rename(coordinator(), node + "/coordinator.p");
  const RootReport report = check();
  EXPECT_TRUE(report.findings.empty()) << all_of(report);
  EXPECT_EQ(report.streams, 2U);
  flip(node + "/coordinator.p", 24 + 8 + 40);  // in the first record
  EXPECT_TRUE(only(true).corrupt);
  EXPECT_EQ(only().file, node + "/coordinator.p");
}

TEST_F(Fsck, LocksOnATaskThatEnded) {
  make_task(false, true);
  {
    const auto held = StreamWriter::open(coordinator());
    EXPECT_EQ(only(true).severity, Severity::Error);
  }
  const auto held = StreamWriter::open(runner());
  const Finding finding = only(true);
  EXPECT_EQ(finding.file, runner());
  EXPECT_NE(finding.what.find("pid " + std::to_string(::getpid())), std::string::npos)
      << finding.what;
}

// ---- left-overs --------------------------------------------------------------------------------

TEST_F(Fsck, LeftOversAreNotedAndRemoved) {
  make_task(false, true);
  for (const char* file : {"runner.compact", "compact.p", "task"}) spit(beside(file), "x");
  for (const char* socket : {"leader", "leader.new"}) bind_socket(beside(socket));
  spit(beside("notes.txt"), "mine");
  const RootReport found = check();
  EXPECT_EQ(found.findings.size(), 6U) << all_of(found);
  EXPECT_FALSE(found.remains()) << "they harm nobody";
  const RootReport repaired = check(true);
  for (const char* file : {"runner.compact", "compact.p", "task", "leader", "leader.new"}) {
    ASSERT_NE(about(repaired, beside(file)), nullptr) << file;
    EXPECT_TRUE(about(repaired, beside(file))->repaired) << file;
    EXPECT_FALSE(std::filesystem::exists(beside(file))) << file;
  }
  EXPECT_EQ(slurp(beside("notes.txt")), "mine");
  EXPECT_EQ(only().file, beside("notes.txt"));
}

TEST_F(Fsck, ALeadersFilesAreItsOwn) {
  make_task(true, false);
  for (const char* file : {"runner.compact", "compact.p", "task"}) spit(beside(file), "x");
  bind_socket(beside("leader"));
  const auto leader = StreamWriter::open(runner());
  const std::string before = everything();
  EXPECT_TRUE(check(true).findings.empty()) << all_of(check());
  EXPECT_EQ(everything(), before);
}

TEST_F(Fsck, AProcessMayBeCalledLikeALeftOver) {
  make_task(false, true);
  make_task_file(false, "t", {"p", "p.compact", "task"});
  spit(coordinator("p.compact"), "");
  spit(coordinator("task"), "");
  const RootReport report = check(true);
  EXPECT_TRUE(report.findings.empty()) << all_of(report);
  EXPECT_TRUE(std::filesystem::exists(coordinator("p.compact")));
}

TEST_F(Fsck, ATaskThatNeverCameToBe) {
  write(runner(), {});
  spit(beside("task"), "{}");
  EXPECT_FALSE(check().remains());
  {
    const auto maker = StreamWriter::open(runner());
    EXPECT_TRUE(check(true).findings.empty()) << "it is being made";
  }
  const Finding repaired = only(true);
  EXPECT_TRUE(repaired.repaired) << repaired.did;
  EXPECT_FALSE(std::filesystem::exists(paths().checkpoint_dir("t")));
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(Fsck, CheckpointsWithoutATaskFile) {
  make_task(true, false);
  std::filesystem::remove(paths().active_task("t"));
  const RootReport report = check(true);
  ASSERT_NE(about(report, paths().checkpoint_dir("t")), nullptr);
  EXPECT_EQ(about(report, paths().checkpoint_dir("t"))->severity, Severity::Error);
  EXPECT_TRUE(std::filesystem::exists(runner()));
}

TEST_F(Fsck, ATaskWithoutStreams) {
  make_task_file(true, "a");
  make_task_file(false, "f");
  const RootReport report = check(true);
  ASSERT_NE(about(report, paths().active_task("a")), nullptr);
  EXPECT_EQ(about(report, paths().active_task("a"))->severity, Severity::Warning);
  ASSERT_NE(about(report, paths().finished_task("f")), nullptr);
  EXPECT_EQ(about(report, paths().finished_task("f"))->severity, Severity::Error);
  EXPECT_FALSE(std::filesystem::exists(paths().checkpoint_dir("a"))) << "it made what was missing";
}

// Whatever stands in a file's place, nothing waits for it.
TEST_F(Fsck, PipesInTheirPlaceHoldNobodyUp) {
  make_task(true, true);
  for (const std::string& file :
       {coordinator(), runner(), paths().active_task("t"), beside("compact.p"), beside("leader")}) {
    std::filesystem::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    const RootReport report = check(true);
    EXPECT_NE(about(report, file), nullptr) << file << "\n" << all_of(report);
    EXPECT_TRUE(std::filesystem::exists(file));
  }
}

}  // namespace
}  // namespace thermos
