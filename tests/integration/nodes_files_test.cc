// Files of a task over several nodes. Each node has a disk of its own, mounted over the sandbox for
// its server: what a run needs is brought there, and what it makes comes from there.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/sha256.h"
#include "ledger.h"
#include "node_servers.h"

namespace thermos::real {
namespace {

// Its own processes see a node's disk where the others see the leader's sandbox.
class NodesFiles : public ::testing::Test {
 protected:
  NodesFiles() {
    if (::geteuid() != 0) return;
    for (const char* node : {"n1", "n2"}) std::filesystem::create_directories(disk(node));
    std::filesystem::create_directories(site_.sandbox());
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root mounts a disk for a node";
  }

  std::string disk(const std::string& node) const { return site_.path() + "/disks/" + node; }
  std::string on(const std::string& node, const std::string& file) const {
    return disk(node) + "/" + file;
  }
  // Where all see the same.
  std::string seen(const std::string& file) const { return site_.path() + "/" + file; }
  // Starts a server whose sandbox is its own disk, behind `more`.
  Words own_disks(const std::string& more = "", const std::string& names = "n1,n2") const {
    return nodes(names, "exec unshare -m sh -c 'mount --bind " + site_.path() + "/disks/{node} " +
                            site_.sandbox() + " && " + more + launcher() + "'");
  }

  Json process(const std::string& name, const std::string& cmdline, const std::string& node,
               const std::vector<std::string>& needs, const std::vector<std::string>& makes) {
    Json json{{"name", name}, {"cmdline", cmdline}, {"min_duration", 0}, {"on", node}};
    json["needs_files"] = needs;
    json["makes_files"] = makes;
    if (!last_.empty()) json["needs"] = {last_};
    last_ = name;
    return json;
  }

  // Random bytes, whose digest is returned.
  static std::string make_file(const std::string& path, std::size_t size) {
    Dice dice(1);
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; i += 64) bytes[i] = static_cast<char>(dice.throw_one(0, 255));
    std::ofstream(path, std::ios::binary) << bytes;
    return bytes;
  }
  static std::vector<std::string> files_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      // A leader that is killed before its header is on record leaves .logs to nobody; the next has
      // .logs-t.
      if (entry.is_regular_file() && entry.path().string().find("/.logs") == std::string::npos) {
        names.push_back(std::filesystem::relative(entry.path(), directory));
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Json last_run(const std::string& name) { return site_.status()["processes"][name].back(); }

  Site site_;
  std::string last_;  // each process waits for the one before it
};

TEST_F(NodesFiles, BothWaysAndFromNodeToNode) {
  const std::string bytes = make_file(site_.in_sandbox("in"), 50'000'000);
  ASSERT_EQ(::chmod(site_.in_sandbox("in").c_str(), 0750), 0);
  Json task{{"name", "t"}};
  task["processes"] = {process("there", "mkdir -p deep/er && cp in deep/er/copy && rm in", "n1",
                               {"in"}, {"deep/er/copy"}),
                       process("back", "cp deep/er/copy out", "n2", {"deep/er/copy"}, {"out"})};
  const Ended ended = site_.run(task, "t", own_disks());
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(sha256(read_file(site_.in_sandbox("out"))), sha256(bytes));
  EXPECT_EQ(sha256(read_file(on("n2", "deep/er/copy"))), sha256(bytes));
  EXPECT_EQ(files_in(site_.sandbox()), (std::vector<std::string>{"deep/er/copy", "in", "out"}));
  EXPECT_EQ(files_in(disk("n1")), (std::vector<std::string>{"deep/er/copy"}));
  EXPECT_EQ(files_in(disk("n2")), (std::vector<std::string>{"deep/er/copy", "out"}));
}

// The node's disk is empty: the server makes the sandbox, for the task's user.
TEST_F(NodesFiles, OfAnotherUserWhereThereIsNoSandboxYet) {
  const std::string box = seen("box");
  const std::string sandbox = box + "/sandbox";
  const std::string file = sandbox + "/out";
  std::filesystem::create_directories(sandbox);
  std::ofstream(sandbox + "/in") << "in";
  for (const auto& path : {sandbox, sandbox + "/in"}) {
    ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
  }
  const Words empty_disk = nodes("n1", "exec unshare -m sh -c 'mount -t tmpfs -o mode=0755 none " +
                                           box + " && " + launcher() + "'");
  const auto run = [&](const std::string& id, const std::vector<std::string>& needs,
                       const std::vector<std::string>& makes) {
    Json task{{"name", id}, {"user", "nobody"}};
    task["processes"] = {
        process("p", "id -un >out && stat -c '%U %a' . >>out", "n1", needs, makes)};
    last_.clear();
    Words words{"run", "--task-id", id, "--sandbox", sandbox};
    words.insert(words.end(), empty_disk.begin(), empty_disk.end());
    words.push_back(site_.write_config(task));
    const Ended ended = site_.start(words).wait();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  };
  run("alone", {}, {});
  run("t", {"in"}, {"out"});
  EXPECT_EQ(read_file(file), "nobody\nnobody 700\n");
  struct stat made {};
  ASSERT_EQ(::stat(file.c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, kNobody);
}

// As in a container: there is no name, and the number is that of the server.
TEST_F(NodesFiles, WhereTheTasksUserHasNoName) {
  std::ofstream(seen("names")) << "passwd: files\n";
  std::ofstream(site_.in_sandbox("in")) << "in\n";
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "{ cat in; id -un 2>&1; true; } >out", "n1", {"in"}, {"out"})};
  const std::string nameless = "mount --bind " + seen("names") +
                               " /etc/nsswitch.conf && mount --bind /dev/null /etc/passwd && ";
  const Ended ended = site_.run(task, "t", own_disks(nameless, "n1"));
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site_.in_sandbox("out")), "in\nid: cannot find name for user ID 0\n0\n");
}

TEST_F(NodesFiles, RightsAndEmptyFiles) {
  make_file(site_.in_sandbox("tool"), 0);
  std::ofstream(site_.in_sandbox("tool")) << "#!/bin/sh\n: >empty\n";
  ASSERT_EQ(::chmod(site_.in_sandbox("tool").c_str(), 0755), 0);
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "./tool", "n1", {"tool"}, {"empty"}),
                       process("q", "test -f empty && ! test -s empty", "n2", {"empty"}, {})};
  const Ended ended = site_.run(task, "t", own_disks());
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
}

// With a sandbox that all see there is nothing to copy: the file stays the one that it was.
TEST_F(NodesFiles, WhatAllSeeIsNotCopied) {
  make_file(site_.in_sandbox("in"), 1000);
  Json task{{"name", "t"}};
  task["processes"] = {
      process("p", "cp in made; stat -c %i in made >" + seen("before"), "n1", {"in"}, {"made"}),
      process("q", "stat -c %i in made >" + seen("after"), "n2", {"in", "made"}, {})};
  const Ended ended = site_.run(task, "t", nodes("n1,n2"));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(seen("before")), read_file(seen("after")));
}

TEST_F(NodesFiles, AFileThatIsNotThere) {
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "touch " + seen("ran"), "n1", {"in"}, {})};
  const Ended ended = site_.run(task, "t", own_disks());
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_EQ(last_run("p")["state"], "FAILED");
  EXPECT_EQ(last_run("p")["reason"],
            "a file that it needs can't be brought to node n1: 'in' is not in the sandbox");
  EXPECT_FALSE(exists(seen("ran")));
}

// Its run has succeeded all the same; who needs the file can't run.
TEST_F(NodesFiles, AFileThatWasNotMade) {
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "true", "n1", {}, {"made"}),
                       process("q", "true", "n2", {"made"}, {})};
  const Ended ended = site_.run(task, "t", own_disks());
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_EQ(last_run("p")["state"], "SUCCESS");
  EXPECT_EQ(last_run("q")["state"], "FAILED");
  EXPECT_NE(ended.err.find("a file that it made can't be brought to the leader: 'made' is not in "
                           "the sandbox"),
            std::string::npos)
      << ended.err;
}

// Neither to read nor to write does a link lead out of the sandbox.
// Nobody else would remove what came of the file so far: the node that it came from is gone.
TEST_F(NodesFiles, TheLeaderDiesWhileAFileComesAndThenTheNodeIsGone) {
  Json task{{"name", "t"}};
  task["processes"] = {process("p",
                               "if [ $THERMOS_NODE = n1 ]; then truncate -s 2G out; "
                               "else echo here >out; fi",
                               "n1", {}, {"out"})};
  task["processes"][0].erase("on");
  const std::string down = seen("n1-is-down");
  const Words options =
      own_disks("if [ -e " + down + " ]; then [ {node} = n2 ]; else [ {node} = n1 ]; fi && ");
  task["nodes"] = {{"by", options[1]}, {"gone", "[ {node} = n1 ] && [ -e " + down + " ]"}};
  const std::string config = site_.write_config(task);
  Command first = site_.start_run(config, "t");
  ASSERT_TRUE(wait_until(site_.sandbox(), [&] { return !files_in(site_.sandbox()).empty(); }));
  first.destroy();
  const std::vector<std::string> left = files_in(site_.sandbox());
  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(left[0].starts_with(".thermos-part.")) << left[0];
  std::ofstream(down) << "";
  const Ended ended = site_.start_run(config, "t").wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site_.in_sandbox("out")), "here\n");
  EXPECT_EQ(files_in(site_.sandbox()), (std::vector<std::string>{"out"}));
}

TEST_F(NodesFiles, NoLinkLeadsOut) {
  std::ofstream(seen("secret")) << "secret";
  std::filesystem::create_directory(seen("outside"));
  std::filesystem::create_symlink(seen("secret"), site_.in_sandbox("in"));
  std::filesystem::create_directory_symlink(seen("outside"), site_.in_sandbox("dir"));
  Json task{{"name", "t"}, {"max_failures", 0}};
  task["processes"] = {process("reads", "true", "n1", {"in"}, {})};
  last_.clear();
  task["processes"].push_back(
      process("makes", "mkdir -p dir && echo x >dir/x", "n1", {}, {"dir/x"}));
  last_.clear();
  task["processes"].push_back(
      process("leaks", "ln -s " + seen("secret") + " leak", "n2", {}, {"leak"}));
  const Ended ended = site_.run(task, "t", own_disks());
  EXPECT_EQ(last_run("reads")["state"], "FAILED");
  EXPECT_NE(last_run("reads")["reason"].get<std::string>().find("leads out of the sandbox"),
            std::string::npos);
  EXPECT_NE(ended.err.find("'dir/x' leads out of the sandbox"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("'leak' leads out of the sandbox"), std::string::npos) << ended.err;
  EXPECT_TRUE(std::filesystem::is_empty(seen("outside")));
  EXPECT_FALSE(exists(site_.in_sandbox("leak")));
}

// A link that stands where the file comes is replaced, and not followed.
TEST_F(NodesFiles, ALinkInTheFilesPlaceIsReplaced) {
  std::ofstream(seen("other")) << "other";
  std::filesystem::create_symlink(seen("other"), site_.in_sandbox("made"));
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "echo made >made", "n1", {}, {"made"})};
  const Ended ended = site_.run(task, "t", own_disks());
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site_.in_sandbox("made")), "made\n");
  EXPECT_EQ(read_file(seen("other")), "other");
}

// A disk of a node that is full is a shortage: the launch is tried again, and works when there is
// room.
TEST_F(NodesFiles, AFullDisk) {
  make_file(site_.in_sandbox("in"), 3'000'000);
  Json task{{"name", "t"}};
  task["processes"] = {process("p", "cmp in " + seen("in"), "n1", {"in"}, {})};
  make_file(seen("in"), 3'000'000);
  const std::string small = "exec unshare -m sh -c 'mount -t tmpfs -o size=1m none " +
                            site_.sandbox() + "; (until [ -e " + seen("room") +
                            " ]; do sleep 0.05; done; mount -o remount,size=64m " +
                            site_.sandbox() + ") </dev/null >/dev/null 2>&1 & " + launcher() + "'";
  Command leader = site_.start_run(site_.write_config(task), "t", nodes("n1", small));
  ASSERT_TRUE(wait_for_text(leader.errors(), "No space left on device"));
  std::ofstream(seen("room")).put('\n');
  const Ended ended = leader.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site_.status()["processes"]["p"].size(), 1u);
}

// A megabyte, mounted over a directory in a mount namespace of this process.
class SmallDirectory {
 public:
  explicit SmallDirectory(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDirectory() { ::umount2(path_.c_str(), MNT_DETACH); }
  SmallDirectory(const SmallDirectory&) = delete;
  SmallDirectory& operator=(const SmallDirectory&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

// The run has succeeded, and nobody may hear of it before its file is there, which may take for
// ever.
TEST_F(NodesFiles, AKillDoesNotWaitForRoomOnTheLeadersDisk) {
  const SmallDirectory small(site_.in_sandbox("small"));
  ASSERT_TRUE(small.mounted());
  Json task{{"name", "t"}};
  task["processes"] = {
      process("p", "mkdir -p small && truncate -s 3M small/out", "n1", {}, {"small/out"})};
  Command leader = site_.start_run(site_.write_config(task), "t", own_disks());
  ASSERT_TRUE(wait_for_text(leader.errors(), "No space left on device"));
  Command kill = site_.start({"kill", "t", "--wait", "0"});
  ASSERT_TRUE(leader.ends_within(10'000));
  EXPECT_EQ(kill.wait().code, 0);
  const Ended ended = leader.wait();
  EXPECT_NE(ended.err.find("the files that it made stay behind"), std::string::npos) << ended.err;
  EXPECT_EQ(last_run("p")["state"], "SUCCESS");
}

class NodesFilesKilled : public NodesFiles, public ::testing::WithParamInterface<int> {};

// Servers and leaders die while files come and go: everything is as without that, and nothing is
// left of what had not come whole.
TEST_P(NodesFilesKilled, InTheMiddle) {
  Dice dice(static_cast<std::uint32_t>(GetParam()));
  const std::string bytes = make_file(site_.in_sandbox("in"), 20'000'000);
  Json task{{"name", "t"}};
  task["processes"] = {
      process("p", "echo p >>" + seen("ledger") + "; cp in a", "n1", {"in"}, {"a"}),
      process("q", "echo q >>" + seen("ledger") + "; cp a b", "n2", {"a"}, {"b"}),
      process("r", "echo r >>" + seen("ledger") + "; cp b c", "n1", {"b"}, {"c"})};
  const std::string config = site_.write_config(task);
  Words options = own_disks();
  options.emplace_back("-q");
  int kills = 0;
  for (;;) {
    Command leader = site_.start_run(config, "t", options);
    bool killed = false;
    while (!killed && kills < 12 && !leader.ends_within(dice.throw_one(10, 200))) {
      const auto victims = servers(leader.pid());
      if (dice.throw_one(0, 2) == 0) {
        killed = true;
        leader.destroy();
        ++kills;
      } else if (!victims.empty() && Watched(dice.pick(victims)).signal(SIGKILL)) {
        ++kills;
      }
    }
    if (!killed) {
      expect_success(leader.wait());
      break;
    }
  }
  EXPECT_EQ(read_file(seen("ledger")), "p\nq\nr\n");
  EXPECT_EQ(sha256(read_file(site_.in_sandbox("c"))), sha256(bytes));
  EXPECT_EQ(files_in(site_.sandbox()), (std::vector<std::string>{"a", "b", "c", "in"}));
  EXPECT_EQ(files_in(disk("n1")), (std::vector<std::string>{"a", "b", "c", "in"}));
  EXPECT_EQ(files_in(disk("n2")), (std::vector<std::string>{"a", "b"}));
}

INSTANTIATE_TEST_SUITE_P(Seeds, NodesFilesKilled, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace thermos::real
