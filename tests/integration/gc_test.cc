// `thermos gc` and `status --disk` from outside.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "old_task.h"
#include "task_run.h"

namespace thermos::real {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;

class Gc : public ::testing::Test {
 protected:
  std::string finished(const std::string& id) const {
    return site_.root() + "/tasks/finished/" + id;
  }
  std::string sandbox_of(const std::string& id) const { return site_.root() + "/sandboxes/" + id; }
  // A task that ended `age` seconds ago, in the sandbox that a daemon would make for it.
  void make_task(const std::string& id, double age, const std::string& cmdline = "echo out") {
    fs::create_directories(sandbox_of(id));
    const Ended ended = site_.thermos({"run", "-q", "--task-id", id, "--sandbox", sandbox_of(id),
                                       site_.write_config(task({process("p", cmdline)}))});
    ASSERT_EQ(ended.code, 0) << ended.err;
    make_older(site_.checkpoint(id), age);
  }
  Json gc(Words words, int code = 0) {
    words.insert(words.begin(), "gc");
    words.push_back("--json");
    const Ended ended = site_.thermos(words);
    EXPECT_EQ(ended.code, code) << ended.out << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  static std::string removed(const Json& told) {
    std::string ids;
    for (const Json& task : told["removed"]) ids += task["task_id"].get<std::string>() + " ";
    return ids;
  }
  void refuse(Words words, int code, const std::string& reason) {
    words.insert(words.begin(), "gc");
    const Ended ended = site_.thermos(words);
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_NE(ended.err.find(reason), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
  // Behind its first record.
  static void damage_end(const std::string& stream) {
    std::string bytes = read_file(stream);
    bytes[bytes.size() - 200] = static_cast<char>(bytes[bytes.size() - 200] ^ 1);
    std::ofstream(stream, std::ios::binary) << bytes;
  }
  bool gone(const std::string& id) const {
    return !fs::exists(finished(id)) && !fs::exists(site_.checkpoint(id)) &&
           !fs::exists(sandbox_of(id));
  }
  void expect_clean() {
    const Ended checked = site_.thermos({"fsck"});
    EXPECT_EQ(checked.code, 0) << checked.out;
    EXPECT_NE(checked.out.find(": clean\n"), std::string::npos) << checked.out;
  }

  Site site_;
};

TEST_F(Gc, RemovesByAgeByNumberAndByBytes) {
  make_task("a", 9 * kDay);
  make_task("b", 5 * kDay);
  make_task("c", 2 * kDay, "head -c 1000000 /dev/urandom > big");
  make_task("d", 1 * kDay);
  EXPECT_EQ(removed(gc({"--older", "30"})), "");
  const Json dry = gc({"--older", "4.5", "--dry-run"});
  EXPECT_EQ(removed(dry), "a b ");
  EXPECT_EQ(dry["dry_run"], true);
  EXPECT_EQ(dry["kept"], 2);
  EXPECT_TRUE(fs::exists(finished("a")));

  const Json older = gc({"--older", "7"});
  EXPECT_EQ(removed(older), "a ");
  EXPECT_EQ(older["removed"][0]["rule"], "older");
  EXPECT_EQ(older["removed"][0]["state"], "SUCCESS");
  EXPECT_GT(older["bytes"].get<int>(), 0);
  EXPECT_TRUE(gone("a"));

  EXPECT_EQ(removed(gc({"--bytes", "900K"})), "b c ");
  EXPECT_EQ(removed(gc({"--keep", "1"})), "");
  EXPECT_EQ(removed(gc({"--keep", "0"})), "d ");
  EXPECT_TRUE(gone("d"));
  expect_clean();
}

TEST_F(Gc, PatternsSayWhichCountAndGo) {
  make_task("build-1", 3 * kDay);
  make_task("build-2", 2 * kDay);
  make_task("other", 9 * kDay);
  EXPECT_EQ(removed(gc({"--keep", "1", "build-.*"})), "build-1 ");
  EXPECT_EQ(removed(gc({"--keep", "0", "other"})), "other ");
  EXPECT_TRUE(fs::exists(finished("build-2")));
}

// Also where the task with that id has ended, is left over, or is another root's.
TEST_F(Gc, AnExactIdMeansThatTaskAlone) {
  make_task("job", kDay);
  make_task("job-2", kDay);
  fs::remove(finished("job"));
  EXPECT_EQ(removed(gc({"--keep", "0", "job"})), "job ") << "left over, and another has ended";
  EXPECT_TRUE(fs::exists(finished("job-2")));

  make_task("job", kDay);
  fs::remove(finished("job-2"));
  EXPECT_EQ(removed(gc({"--keep", "0", "job"})), "job ") << "ended, and another is left over";
  EXPECT_TRUE(fs::exists(site_.checkpoint("job-2")));

  Site other;
  fs::remove_all(other.root());
  fs::copy(site_.root(), other.root(), fs::copy_options::recursive);
  make_task("job", kDay);
  Words words = {"--root", other.root(), "--keep", "0", "job"};
  EXPECT_EQ(removed(gc(words)), "job ") << "in one root alone";
  EXPECT_TRUE(fs::exists(other.checkpoint("job-2")));
  words.back() = "job.*";
  EXPECT_EQ(removed(gc(words)), "job-2 job-2 ");
}

TEST_F(Gc, WhatIsActiveOrYoungStays) {
  make_task("young", kHour / 2);
  const std::string config = site_.write_config(task({process("p", "sleep 1000")}));
  Command runner = site_.start_run(config, "active");
  ASSERT_FALSE(site_.run_in_state("p", "RUNNING", "active").is_null());
  const Json told = gc({"--keep", "0", "--older", "0", "--bytes", "0"});
  EXPECT_EQ(removed(told), "");
  EXPECT_EQ(told["young"], 1);
  EXPECT_EQ(told["active"], 1);
  EXPECT_TRUE(fs::exists(finished("young")));
  const Ended text = site_.thermos({"gc", "--keep", "0"});
  EXPECT_EQ(text.out,
            "0 tasks removed, 0 B; 1 kept, 1 of them for an hour after they ended; 1 active\n");
}

TEST_F(Gc, LogsGoAndTheUsersOwnDirectoryStays) {
  const std::string config = site_.write_config(task({process("p", "echo mine > file")}));
  ASSERT_EQ(
      site_.thermos({"run", "-q", "--task-id", "named", "--sandbox", site_.sandbox(), config}).code,
      0);
  Surroundings here;
  here.directory = site_.sandbox();
  ASSERT_EQ(site_.thermos({"run", "-q", "--task-id", "plain", config}, here).code, 0);
  for (const char* id : {"named", "plain"}) make_older(site_.checkpoint(id), kDay);
  fs::create_directories(site_.in_sandbox(".logs/p/notes"));
  ASSERT_TRUE(fs::exists(site_.in_sandbox(".logs/p/0/stdout")));
  ASSERT_TRUE(fs::exists(site_.root() + "/logs/plain/p/0/stdout"));
  EXPECT_EQ(gc({"--keep", "0"})["removed"].size(), 2U);
  EXPECT_TRUE(fs::exists(site_.in_sandbox("file")));
  EXPECT_TRUE(fs::exists(site_.in_sandbox(".logs/p/notes"))) << "what somebody put there stays";
  EXPECT_FALSE(fs::exists(site_.in_sandbox(".logs/p/0")));
  EXPECT_FALSE(fs::exists(site_.root() + "/logs/plain"));
  expect_clean();
}

TEST_F(Gc, WhatAnotherTaskUsesStays) {
  make_task("first", 3 * kDay, "echo kept > file");
  const Ended second =
      site_.thermos({"run", "-q", "--task-id", "second", "--sandbox", sandbox_of("first"),
                     site_.write_config(task({process("p", "cat file")}))});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(removed(gc({"--older", "2"})), "first ");
  EXPECT_FALSE(fs::exists(site_.checkpoint("first")));
  EXPECT_TRUE(fs::exists(sandbox_of("first") + "/file"));
  EXPECT_TRUE(fs::exists(sandbox_of("first") + "/.logs-second/p/0/stdout"));
  EXPECT_FALSE(fs::exists(sandbox_of("first") + "/.logs"));
}

// What a rerun took over is the ended task's output.
TEST_F(Gc, WhatAKeptTaskTookOverIsKept) {
  const std::string cmdline = "echo of-the-first";
  fs::create_directories(sandbox_of("first"));
  const std::string config = site_.write_config(
      task({process("a", cmdline), process("b", "test -e fixed")}, {Words{"a", "b"}}));
  ASSERT_EQ(
      site_.thermos({"run", "-q", "--task-id", "first", "--sandbox", sandbox_of("first"), config})
          .code,
      1);
  std::ofstream(sandbox_of("first") + "/fixed") << "";
  ASSERT_EQ(site_.thermos({"rerun", "-q", "first", "--task-id", "second"}).code, 0);
  make_older(site_.checkpoint("first"), 9 * kDay);
  for (const bool dry : {true, false}) {
    const Json told = gc(dry ? Words{"--keep", "0", "--dry-run"} : Words{"--keep", "0"});
    EXPECT_EQ(removed(told), "");
    EXPECT_EQ(told["kept"], 2);
    EXPECT_EQ(told["left"].size(), 0U) << told;
  }
  EXPECT_EQ(site_.thermos({"tail", "second", "a"}).out, "of-the-first\n");
  // They go together.
  make_older(site_.checkpoint("second"), kDay);
  EXPECT_EQ(removed(gc({"--keep", "0"})), "first second ");
  EXPECT_TRUE(gone("first"));
  EXPECT_TRUE(gone("second"));
}

// Also where one that is to go stays after all.
TEST_F(Gc, WhatATaskUsesThatCanNotGoStays) {
  make_task("first", 3 * kDay, "echo kept > file");
  const auto make_second = [&](const std::string& id) {
    ASSERT_EQ(site_
                  .thermos({"run", "-q", "--task-id", id, "--sandbox", sandbox_of("first"),
                            site_.write_config(task({process("p", "cat file")}))})
                  .code,
              0);
    make_older(site_.checkpoint(id), 2 * kDay);
  };
  make_second("corrupt");
  damage_end(site_.checkpoint("corrupt") + "/runner");
  EXPECT_EQ(removed(gc({"--keep", "0"}, 1)), "first ");
  EXPECT_TRUE(fs::exists(finished("corrupt")));
  EXPECT_TRUE(fs::exists(sandbox_of("first") + "/file"));

  fs::remove(finished("corrupt"));
  fs::remove_all(site_.checkpoint("corrupt"));
  make_task("first", 3 * kDay, "echo kept > file");
  make_second("held");
  const int lock = ::open((site_.checkpoint("held") + "/runner").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  EXPECT_EQ(removed(gc({"--keep", "0"})), "first ");
  ::close(lock);
  EXPECT_TRUE(fs::exists(sandbox_of("first") + "/file"));
}

TEST_F(Gc, TheOutputOfATaskThatWasTakenOverStays) {
  const std::string old = site_.path() + "/old";
  fs::copy(THERMOS_SOURCE "/tests/ancestor_root", old, fs::copy_options::recursive);
  ASSERT_EQ(site_.thermos({"import", old}).code, 0);
  const auto files = [&] {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(old)) {
      all += entry.path().string() + "\n";
    }
    return all;
  };
  const std::string before = files();
  const Json told = gc({"--keep", "0"});
  EXPECT_EQ(told["removed"].size(), 3U) << told;
  EXPECT_EQ(files(), before);
  EXPECT_TRUE(site_.status("failure").is_null());
}

TEST_F(Gc, ATaskWhoseLockIsHeldIsLeft) {
  make_task("held", 3 * kDay);
  const int lock = ::open((site_.checkpoint("held") + "/runner").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const Json told = gc({"--keep", "0"});
  EXPECT_EQ(removed(told), "");
  ASSERT_EQ(told["left"].size(), 1U) << told;
  EXPECT_EQ(told["left"][0]["task_id"], "held");
  EXPECT_TRUE(fs::exists(finished("held")));
  ::close(lock);
  EXPECT_EQ(removed(gc({"--keep", "0"})), "held ");
}

TEST_F(Gc, WhatIsCorruptKeepsItsBytes) {
  make_task("bad", 3 * kDay);
  const std::string stream = site_.checkpoint("bad") + "/runner";
  std::string bytes = read_file(stream);
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  std::ofstream(stream, std::ios::binary) << bytes;
  const Json told = gc({"--keep", "0"}, 1);
  EXPECT_EQ(removed(told), "");
  EXPECT_EQ(told["left"].size(), 1U) << told;
  EXPECT_EQ(removed(gc({"--keep", "0", "bad"}, 1)), "") << "it is a task";
  EXPECT_EQ(read_file(stream), bytes);

  // What is left over of it goes if somebody says so.
  fs::remove(finished("bad"));
  for (const std::string& path : {stream, site_.checkpoint("bad")}) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - 2h);
  }
  EXPECT_EQ(removed(gc({"--keep", "0"}, 1)), "");
  EXPECT_EQ(removed(gc({"--keep", "0", "ba."}, 1)), "");
  EXPECT_EQ(read_file(stream), bytes);
  EXPECT_NE(site_.thermos({"fsck"}).out.find("`thermos gc --keep 0 bad`"), std::string::npos);
  EXPECT_EQ(removed(gc({"--keep", "0", "bad", "--dry-run"})), "bad ");
  EXPECT_EQ(removed(gc({"--keep", "0", "bad"})), "bad ");
  EXPECT_TRUE(gone("bad"));
  expect_clean();
}

TEST_F(Gc, AFileThatWasDeletedByHandBlocksNothing) {
  make_task("one", 60);
  make_task("two", 60);
  fs::remove(finished("one"));
  fs::remove(finished("two"));
  EXPECT_EQ(site_.thermos({"fsck"}).code, 0) << "it is no fault of the records";
  // A new task has the id, with a sandbox of its own.
  make_task("one", 60, "test ! -e .logs/p/1 && echo new");
  EXPECT_EQ(site_.status("one")["processes"]["p"].size(), 1U);
  const Json told = gc({"--keep", "100"});
  EXPECT_EQ(removed(told), "two ");
  EXPECT_EQ(told["removed"][0]["left_over"], true);
  EXPECT_TRUE(gone("two"));
  EXPECT_TRUE(fs::exists(finished("one")));
  expect_clean();
  for (const auto& entry : fs::directory_iterator(site_.root() + "/sandboxes")) {
    EXPECT_EQ(entry.path().filename(), "one");
  }
}

// A removal that was killed between its last two steps.
TEST_F(Gc, WhatIsLeftOfAnEmptyTaskIsNotTheNextOnes) {
  const std::string decision = site_.checkpoint("t") + "/removed";
  fs::create_directories(site_.checkpoint("t"));
  std::ofstream(decision) << "{}";
  make_task("t", kDay);
  EXPECT_FALSE(fs::exists(decision));
  expect_clean();

  fs::create_directories(site_.checkpoint("other"));
  std::ofstream(site_.checkpoint("other") + "/removed") << "{}";
  EXPECT_EQ(removed(gc({"--keep", "100"})), "other ");
  EXPECT_TRUE(gone("other"));
}

TEST_F(Gc, ADryRunSaysOfABeginningWhatTheRealRunDoes) {
  fs::create_directories(site_.checkpoint("new"));
  for (const bool dry : {true, false}) {
    const Json told = gc(dry ? Words{"--keep", "0", "--dry-run"} : Words{"--keep", "0"});
    EXPECT_EQ(removed(told), "") << dry;
    ASSERT_EQ(told["left"].size(), 1U) << told;
    EXPECT_TRUE(fs::exists(site_.checkpoint("new")));
  }
}

TEST_F(Gc, CheckpointsThatWereDeletedByHandBlockNothing) {
  make_task("one", 60);
  fs::remove_all(site_.checkpoint("one"));
  EXPECT_EQ(gc({"--keep", "0"})["young"], 1) << "nobody knows when it ended";
  EXPECT_TRUE(fs::exists(finished("one")));
}

TEST_F(Gc, ASandboxFullOfLinksTakesNothingElseAlong) {
  fs::create_directories(site_.path() + "/elsewhere");
  std::ofstream(site_.path() + "/elsewhere/file") << "x";
  make_task("links", 3 * kDay,
            "ln -s " + site_.path() + "/elsewhere link; ln -s / root; mkdir d; chmod 0 d");
  EXPECT_EQ(removed(gc({"--keep", "0"})), "links ");
  EXPECT_TRUE(fs::exists(site_.path() + "/elsewhere/file"));
  EXPECT_TRUE(gone("links"));
}

// The directories of a root are its owner's to lead anywhere, also to what is root's.
TEST_F(Gc, RootRemovesNothingThatTheOwnerOfTheRootCouldNot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
  const std::string precious = site_.path() + "/precious";
  fs::create_directories(precious + "/victim/files");
  fs::last_write_time(precious + "/victim", fs::file_time_type::clock::now() - 2 * 24h);
  fs::create_directories(site_.root());
  fs::create_directory_symlink(precious, site_.root() + "/checkpoints");
  ASSERT_EQ(chown(site_.root().c_str(), kNobody, kNobody), 0);
  fs::permissions(site_.path(), fs::perms(0711));
  site_.thermos({"gc", "--keep", "0"});
  EXPECT_TRUE(fs::exists(precious + "/victim/files"));

  // Where anybody could change where it leads, there is nobody to act as.
  ASSERT_EQ(chown(site_.root().c_str(), 0, 0), 0);
  fs::permissions(site_.root(), fs::perms(01777));
  refuse({"--keep", "0"}, 77, "root removes nothing there");
  EXPECT_TRUE(fs::exists(precious + "/victim/files"));
}

TEST_F(Gc, RootRemovesTheTasksOfAnothersRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
  make_task("t", kDay);
  for (const auto& entry : fs::recursive_directory_iterator(site_.root())) {
    ASSERT_EQ(lchown(entry.path().c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(chown(site_.root().c_str(), kNobody, kNobody), 0);
  fs::permissions(site_.path(), fs::perms(0711));
  EXPECT_EQ(removed(gc({"--keep", "0"})), "t ");
  EXPECT_TRUE(gone("t"));
}

TEST_F(Gc, SeveralAtATimeRemoveEachTaskOnce) {
  for (int i = 0; i < 6; ++i) make_task("t" + std::to_string(i), kDay);
  Command one = site_.start({"gc", "--keep", "0", "--json"});
  Command other = site_.start({"gc", "--keep", "0", "--json"});
  const Ended first = one.wait();
  const Ended second = other.wait();
  EXPECT_EQ(first.code, 0) << first.out << first.err;
  EXPECT_EQ(second.code, 0) << second.out << second.err;
  gc({"--keep", "0"});
  for (const char* holder : {"/checkpoints", "/sandboxes", "/tasks/finished"}) {
    EXPECT_TRUE(fs::is_empty(site_.root() + holder)) << holder;
  }
}

TEST_F(Gc, StatusShowsWhatTasksTakeOnTheDisk) {
  make_task("big", kDay, "head -c 1000000 /dev/urandom > big; head -c 300000 /dev/urandom");
  const std::string config = site_.write_config(task({process("p", "echo x > file")}));
  ASSERT_EQ(
      site_.thermos({"run", "-q", "--task-id", "named", "--sandbox", site_.sandbox(), config}).code,
      0);
  const Ended json = site_.thermos({"status", "--disk", "--json"});
  ASSERT_EQ(json.code, 0) << json.err;
  const Json told = Json::parse(json.out);
  ASSERT_EQ(told["tasks"].size(), 2U);
  for (const Json& one : told["tasks"]) {
    const Json& disk = one["disk"];
    EXPECT_GT(disk["stream"].get<int>(), 0);
    EXPECT_GT(disk["logs"].get<int>(), 0);
    if (one["task_id"] == "named") {
      EXPECT_FALSE(disk.contains("sandbox")) << "the user's own";
      continue;
    }
    EXPECT_GE(disk["sandbox"].get<int>(), 1'000'000);
    EXPECT_LT(disk["sandbox"].get<int>(), 1'200'000) << "without the logs in it";
    EXPECT_GE(disk["logs"].get<int>(), 300'000);
    // What it is said to take is what a gc frees.
    const int all =
        disk["stream"].get<int>() + disk["logs"].get<int>() + disk["sandbox"].get<int>();
    EXPECT_EQ(gc({"--keep", "0", "--dry-run"})["bytes"], all);
  }
  const Ended text = site_.thermos({"status", "--disk"});
  EXPECT_NE(text.out.find("  DISK  SANDBOX\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find(" MiB  "), std::string::npos) << text.out;
  EXPECT_FALSE(site_.status("big").contains("disk")) << "only where it is asked for";
  const Ended past = site_.thermos({"status", "--disk", "--at", "-5m"});
  EXPECT_EQ(past.code, 64) << past.err;
}

TEST_F(Gc, WhatCanNotBeMeantIsRefused) {
  make_task("t", 60);
  refuse({}, 64, "`thermos gc --older 30 --dry-run`");
  refuse({"t"}, 64, "which tasks are to go?");
  refuse({"--older", "-1"}, 64, "--older -1");
  refuse({"--older", "1e9"}, 64, "--older 1e9: this is a number of days");
  refuse({"--older", "nan"}, 64, "--older nan");
  refuse({"--older", ""}, 64, "--older");
  refuse({"--keep", "-1"}, 64, "--keep -1: this is a whole number");
  refuse({"--keep", "99999999999999999999999"}, 64, "--keep");
  refuse({"--keep", "1.5"}, 64, "--keep 1.5");
  refuse({"--bytes", "-5"}, 64, "--bytes -5: this is a number of bytes");
  refuse({"--bytes", "9999999999999T"}, 64, "--bytes");
  refuse({"--bytes", "5X"}, 64, "--bytes 5X");
  refuse({"--keep", "0", ""}, 64, "an empty pattern");
  refuse({"--keep", "0", "("}, 64, "not a regular expression");
  refuse({"--keep", "0", "nothing"}, 66, "no task matches 'nothing'");
  EXPECT_TRUE(fs::exists(finished("t")));
}

}  // namespace
}  // namespace thermos::real
