// What a process finds around itself, and what becomes of what it says.
#include <grp.h>
#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Content, NamesAndOutputBeyondAscii) {
  Site site;
  const std::string name = "größe 日本語 🚀";
  const Ended ended = site.run(
      task({process(name, "printf 'grüße 🚀\\xff\\n'"), process("後", "echo ok")}, {{name, "後"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log(name, 0), "grüße 🚀\xff\n");
  EXPECT_NE(ended.out.find(name), std::string::npos) << ended.out;
  EXPECT_EQ(states(site.status(), name), "SUCCESS");
}

TEST(Content, FiveMegabytesOfOutputAndAsMuchOfErrors) {
  Site site;
  const Ended ended = site.run(
      task({process("loud", "yes 0123456 | head -c 5000000; yes abcdefg | head -c 5000000 >&2")}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const std::string out = site.log("loud", 0);
  const std::string err = site.log("loud", 0, "stderr");
  EXPECT_EQ(out.size(), 5'000'000U);
  EXPECT_EQ(err.size(), 5'000'000U);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 625'000);
  EXPECT_EQ(std::count(err.begin(), err.end(), 'g'), 625'000);
}

TEST(Content, EveryExitCode) {
  Site site;
  std::vector<Json> processes;
  for (int code = 0; code < 256; ++code) {
    const std::string number = std::to_string(code);
    processes.push_back(process("exit-" + number, "exit " + number));
  }
  const Ended ended = site.run(task(processes, {}, {{"max_failures", 0}}), "t", {"-q"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  for (int code = 0; code < 256; ++code) {
    const std::string name = "exit-" + std::to_string(code);
    EXPECT_EQ(states(status, name), code == 0 ? "SUCCESS" : "FAILED") << code;
    EXPECT_EQ(runs(status, name).back()["return_code"], code);
  }
}

// ---- surroundings ------------------------------------------------------------------------------

TEST(Surroundings, AnEnvironmentThatIsNotTheRunners) {
  Site site;
  Surroundings surroundings;
  surroundings.environment = {{"SECRET", "of the runner"}, {"LD_LIBRARY_PATH", "/nowhere"},
                              {"BASH_ENV", "/nowhere"},    {"PATH", "/usr/bin:/bin"},
                              {"HOME", "/nowhere"},        {"USER", "nobody-known"}};
  const std::string config =
      site.write_config(task({process("main", "tr '\\0' '\\n' < /proc/$$/environ")}));
  const Ended ended = site.thermos(site.run_words(config, "t"), surroundings);
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  std::vector<std::string> lines = lines_of(site.log("main", 0));
  std::sort(lines.begin(), lines.end());
  // Which it is, is trace_test's.
  const auto is_parent = [](const std::string& line) {
    return line.starts_with("TRACEPARENT=00-") && line.size() == 67;
  };
  EXPECT_EQ(std::erase_if(lines, is_parent), 1U);
  const std::string self = ::getpwuid(::geteuid())->pw_name;
  EXPECT_EQ(lines,
            (std::vector<std::string>{"HOME=" + site.sandbox(), "LOGNAME=" + self,
                                      "PATH=/usr/bin:/bin", "THERMOS_PROCESS=main", "THERMOS_RUN=0",
                                      "THERMOS_TASK_ID=t", "USER=" + self}));
}

// Root's PATH may lead where only root's programs are, and perhaps where nobody else may look.
TEST(Surroundings, AnotherUserDoesNotGetOurPath) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root runs processes as somebody else";
  Site site;
  site.publish_programs();
  ::chmod(site.sandbox().c_str(), 0777);
  Surroundings surroundings;
  surroundings.environment = {{"PATH", "/root/bin:/usr/bin:/bin"}};
  const std::string config = site.write_config(task({process("main", "echo $PATH")}));
  const auto path_as = [&](const std::string& id, const Words& options) {
    const Ended ended = site.thermos(site.run_words(config, id, options), surroundings);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    const std::string said = site.log("main", 0);
    std::filesystem::remove_all(site.in_sandbox(".logs"));
    return said;
  };
  EXPECT_EQ(path_as("root", {}), "/root/bin:/usr/bin:/bin\n");
  EXPECT_EQ(path_as("nobody", {"--user", "nobody"}),
            "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\n");
}

TEST(Surroundings, TheSandboxIsTheDirectory) {
  Site site;
  EXPECT_EQ(site.run(task({process("main", "pwd -P")})).code, 0);
  EXPECT_EQ(site.log("main", 0), site.sandbox() + "\n");
}

TEST(Surroundings, WithoutASandboxItIsTheCurrentDirectory) {
  Site site;
  const std::string config = site.write_config(task({process("main", "pwd -P")}));
  Surroundings surroundings;
  surroundings.directory = site.sandbox();
  EXPECT_EQ(site.thermos({"run", "--task-id", "t", config}, surroundings).code, 0);
  EXPECT_EQ(read_file(site.root() + "/logs/t/main/0/stdout"), site.sandbox() + "\n");
}

TEST(Surroundings, AProfileInTheSandboxIsRead) {
  Site site;
  std::ofstream(site.in_sandbox(".thermos_profile")) << "export GREETING=hello\n";
  EXPECT_EQ(site.run(task({process("main", "echo $GREETING; echo $BASH_ENV")})).code, 0);
  EXPECT_EQ(site.log("main", 0), "hello\n" + site.sandbox() + "/.thermos_profile\n");
}

TEST(Surroundings, StandardInputIsEmpty) {
  Site site;
  EXPECT_EQ(site.run(task({process("main", "cat; readlink /proc/$$/fd/0")})).code, 0);
  EXPECT_EQ(site.log("main", 0), "/dev/null\n");
}

TEST(Surroundings, NoDescriptorOfOurs) {
  Site site;
  // A process beside it, so that the runner and the fork server have more descriptors to lose.
  const std::string config = site.write_config(
      task({process("beside", "until [ -e seen ]; do sleep 0.02; done"),
            process("main",
                    "for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done; touch seen")}));
  // One that the runner itself was born with must not go through either.
  Surroundings surroundings;
  surroundings.before_exec = [] { ::dup2(STDIN_FILENO, 77); };
  EXPECT_EQ(site.thermos(site.run_words(config, "t"), surroundings).code, 0);
  const std::string logs = site.sandbox() + "/.logs/main/0/";
  for (const std::string& line : lines_of(site.log("main", 0))) {
    // bash itself holds 255 for its script, and a pipe while it substitutes.
    EXPECT_TRUE(line == "0 /dev/null" || line == "1 " + logs + "stdout" ||
                line == "2 " + logs + "stderr" || line.find("pipe:") != std::string::npos ||
                line.find(' ') == line.size() - 1)
        << line;
  }
  EXPECT_NE(site.log("main", 0).find("1 " + logs + "stdout"), std::string::npos);
}

TEST(Surroundings, SignalsAreReset) {
  Site site;
  const std::string config = site.write_config(task({process(
      "main",
      "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t'; kill -PIPE $$; echo alive")}));
  Surroundings surroundings;
  surroundings.before_exec = [] {
    for (const int number : {SIGTERM, SIGPIPE, SIGUSR1, SIGHUP}) std::signal(number, SIG_IGN);
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGQUIT, SIGUSR2, SIGALRM}) sigaddset(&blocked, number);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
  };
  EXPECT_EQ(site.thermos(site.run_words(config, "t"), surroundings).code, 1);
  EXPECT_EQ(site.log("main", 0), "SigBlk:0000000000000000\nSigIgn:0000000000000000\n");
  EXPECT_EQ(runs(site.status(), "main").back()["return_code"], -SIGPIPE);
}

// As a program may leave it to what it starts.
TEST(Surroundings, AnEndIsHeardOfThoughSigchldIsIgnored) {
  Site site;
  const std::string config =
      site.write_config(task({process("a", "true"), process("b", "exit 3")}, {{"a", "b"}}));
  Surroundings surroundings;
  surroundings.before_exec = [] { std::signal(SIGCHLD, SIG_IGN); };
  Command runner = site.start(site.run_words(config, "t"), surroundings);
  ASSERT_TRUE(runner.ends_within(30'000));
  EXPECT_EQ(runner.wait().code, 1);
  EXPECT_EQ(states(site.status(), "a"), "SUCCESS");
  EXPECT_EQ(runs(site.status(), "b").back()["return_code"], 3);
}

TEST(Surroundings, ASignalIsHeardThoughItWasBlocked) {
  for (const int number : {SIGINT, SIGTERM}) {
    Site site;
    Surroundings surroundings;
    surroundings.before_exec = [number] {
      sigset_t blocked;
      sigemptyset(&blocked);
      sigaddset(&blocked, number);
      sigprocmask(SIG_BLOCK, &blocked, nullptr);
    };
    const std::string config = site.write_config(task({process("main", "exec sleep 1000")}));
    Command runner = site.start(site.run_words(config, "t"), surroundings);
    ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
    runner.signal(number);
    ASSERT_TRUE(runner.ends_within(30'000)) << number;
    EXPECT_EQ(runner.wait().code, 2);
    EXPECT_EQ(site.status()["state"], "KILLED");
  }
}

// It waits for whoever watches for it, and ends nobody before.
TEST(Surroundings, ASignalIsHeardThoughItCameWhileItWasBlocked) {
  Site site;
  Surroundings surroundings;
  surroundings.before_exec = [] {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    std::raise(SIGINT);
  };
  const std::string config = site.write_config(task({process("main", "exec sleep 1000")}));
  Command runner = site.start(site.run_words(config, "t"), surroundings);
  ASSERT_TRUE(runner.ends_within(30'000));
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_EQ(site.status()["state"], "KILLED");
}

TEST(Surroundings, ItsOwnSessionAwayFromTheRunners) {
  Site site;
  Command runner = site.start_run(site.write_config(task(
      {process("main", "cut -d' ' -f6 /proc/$$/stat; cut -d' ' -f7 /proc/$$/stat; echo $PPID")})));
  const pid_t session = ::getsid(runner.pid());
  EXPECT_EQ(runner.wait().code, 0);
  const std::vector<std::string> lines = lines_of(site.log("main", 0));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0], std::to_string(session));
  EXPECT_EQ(lines[1], "0") << "a controlling terminal";
  EXPECT_EQ(lines[2], std::to_string(runs(site.status(), "main")[0]["coordinator_pid"].get<int>()));
}

// ---- as someone else ---------------------------------------------------------------------------

// A user with groups beside his own, as the machine has it; nothing is added to it for a test.
class Passwd {
 public:
  // In a mount namespace of this process: the machine's own files are not touched.
  explicit Passwd(const Site& site) {
    const std::string users = site.path() + "/passwd";
    const std::string groups = site.path() + "/group";
    std::ofstream(users) << read_file("/etc/passwd")
                         << "thermostest:x:54321:54321::/home/thermostest:/bin/sh\n";
    std::ofstream(groups) << read_file("/etc/group") << "thermostest:x:54321:\n"
                          << "thermosmore:x:54322:thermostest\n"
                          << "thermosless:x:54323:\n"
                          << "thermosalso:x:54324:root,thermostest\n";
    good_ = ::unshare(CLONE_NEWNS) == 0 &&
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
            ::mount(users.c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr) == 0 &&
            ::mount(groups.c_str(), "/etc/group", nullptr, MS_BIND, nullptr) == 0;
  }
  ~Passwd() {
    ::umount2("/etc/passwd", MNT_DETACH);
    ::umount2("/etc/group", MNT_DETACH);
  }
  Passwd(const Passwd&) = delete;
  Passwd& operator=(const Passwd&) = delete;
  bool good() const { return good_; }

 private:
  bool good_ = false;
};

TEST(User, RunsAsHimWithAllHisGroups) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  Site site;
  const Passwd passwd(site);
  if (!passwd.good()) GTEST_SKIP() << "no mount namespace to put a user in";
  ::chmod(site.sandbox().c_str(), 0777);
  const Ended ended =
      site.run(task({process("main",
                             "id -u; id -g; id -G | tr ' ' '\\n' | sort; echo $USER $LOGNAME; "
                             "grep -E '^Uid' /proc/self/status | tr '\\t' ' '; touch mine")}),
               "t", {"--user", "thermostest"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0),
            "54321\n54321\n54321\n54322\n54324\nthermostest thermostest\n"
            "Uid: 54321 54321 54321 54321\n");
  struct stat made {};
  ASSERT_EQ(::stat(site.in_sandbox("mine").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 54321U);
  EXPECT_EQ(site.status()["header"]["user"], "thermostest");
  EXPECT_EQ(site.status()["header"]["uid"], 54321);
}

TEST(User, TheTasksOwnUserCounts) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  Site site;
  ::chmod(site.sandbox().c_str(), 0777);
  const Ended ended =
      site.run(task({process("main", "id -un; echo {{thermos.user}}")}, {}, {{"user", "nobody"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "nobody\nnobody\n");
}

TEST(User, IsForRootAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can start a program as someone else";
  Site site;
  site.publish_programs();
  const std::string config = site.write_config(task({process("main", "true")}));
  Words words = site.run_words(config, "t", {"--user", "root"});
  Surroundings surroundings;
  surroundings.before_exec = [] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(127);
  };
  const Ended ended = site.thermos(words, surroundings);
  EXPECT_EQ(ended.code, 77) << ended.out << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  EXPECT_FALSE(exists(site.root()));
}

TEST(User, ASandboxHeMayNotEnterFailsTheProcessAndSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  Site site;
  // The sandbox may be entered by its owner alone; its logs lie elsewhere.
  ::chmod(site.sandbox().c_str(), 0700);
  const std::string config = site.write_config(task({process("main", "true")}));
  Surroundings surroundings;
  surroundings.directory = site.sandbox();
  const Ended ended =
      site.thermos({"run", "--task-id", "t", "--user", "nobody", config}, surroundings);
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "FAILED");
  const std::string reason = runs(status, "main").back().value("reason", "");
  EXPECT_NE(reason.find(site.sandbox()), std::string::npos) << reason;
  EXPECT_NE((ended.out + ended.err).find(reason), std::string::npos) << ended.out << ended.err;
}

TEST(Chroot, TheSandboxIsTheRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change the root";
  Site site;
  // A root of the machine's own programs, in a mount namespace of this process.
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    GTEST_SKIP() << "no mount namespace to build a root in";
  }
  std::vector<std::string> mounted;
  for (const char* directory : {"/usr", "/bin", "/lib", "/lib64", "/dev"}) {
    if (!std::filesystem::exists(directory)) continue;
    const std::string target = site.sandbox() + directory;
    if (std::filesystem::is_symlink(directory)) {
      std::filesystem::copy_symlink(directory, target);
      continue;
    }
    ::mkdir(target.c_str(), 0755);
    ASSERT_EQ(::mount(directory, target.c_str(), nullptr, MS_BIND, nullptr), 0) << directory;
    mounted.push_back(target);
  }
  std::ofstream(site.in_sandbox(".thermos_profile")) << "export GREETING=hello\n";
  std::ofstream(site.in_sandbox("in")) << "inside\n";
  // A link that leads elsewhere from inside of the root than from outside.
  std::filesystem::create_directory_symlink("/made/deep", site.in_sandbox("link"));
  const Json inside = {{"name", "inside"},
                       {"argv", {"sh", "-c", "cat; pwd"}},
                       {"stdin", "in"},
                       {"cwd", "made/deep"}};
  const Json linked = {{"name", "linked"}, {"argv", {"pwd", "-P"}}, {"cwd", "link"}};
  const Json outside = {{"name", "absolute"}, {"argv", {"pwd"}}, {"cwd", "/made"}};
  const Ended ended = site.run(
      task({process("main",
                    "pwd; ls / | sort | tr '\\n' ' '; echo; echo $GREETING $BASH_ENV; touch /here"),
            inside, linked, outside},
           {{"inside", "linked", "absolute"}}),
      "t", {"--chroot"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err << site.log("main", 0, "stderr");
  const std::vector<std::string> lines = lines_of(site.log("main", 0));
  EXPECT_TRUE(exists(site.in_sandbox("here")));
  for (const std::string& target : mounted) ::umount2(target.c_str(), MNT_DETACH);
  EXPECT_EQ(site.log("inside", 0), "inside\n/made/deep\n");
  EXPECT_EQ(site.log("linked", 0), "/made/deep\n");
  EXPECT_EQ(site.log("absolute", 0), "/made\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "/");
  EXPECT_EQ(lines[1].find("etc"), std::string::npos) << lines[1];
  EXPECT_EQ(lines[2], "hello /.thermos_profile");
  EXPECT_EQ(site.status()["header"]["chroot"], true);
}

TEST(Chroot, ARootWithoutAShellFailsTheProcessAndSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may change the root";
  Site site;
  const Ended ended = site.run(task({process("main", "true")}), "t", {"--chroot"});
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const std::string reason = runs(site.status(), "main").back().value("reason", "");
  EXPECT_NE(reason.find("/bin/bash"), std::string::npos) << reason;
  EXPECT_NE((ended.out + ended.err).find(reason), std::string::npos) << ended.out << ended.err;
}

}  // namespace
}  // namespace thermos::real
