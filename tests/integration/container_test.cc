// thermos as PID 1 of a container: a pid and a mount namespace of its own, a root file system that
// can't be written, one volume, neither control groups nor /proc/sys, and any user.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

// $1: the volume; $2: the user; the rest is the container's command.
constexpr std::string_view kEnter = R"(set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro /
for shown in /sys/fs/cgroup /sys; do umount -l "$shown" 2>/dev/null || true; done
mount -t tmpfs -o ro none /proc/sys
cd "$1"
user=$2
shift 2
exec setpriv --reuid "$user" --regid "$user" --clear-groups env -i PATH=/usr/bin:/bin "$@"
)";

constexpr uid_t kNobodys = 4242;  // not in /etc/passwd

struct Opened {
  ~Opened() {
    if (fd >= 0) ::close(fd);
  }
  int fd = -1;
};

class Container : public ThermosTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root makes namespaces with mounts here";
    std::filesystem::create_directory(volume());
    ASSERT_EQ(::chmod(volume().c_str(), 0777), 0);
    ASSERT_EQ(::chmod(scratch_.path().c_str(), 0755), 0);
    const Finished tried = run_program(enter(0, {"true"}));
    if (tried.status != 0) GTEST_SKIP() << "no pid and mount namespace: " << tried.err;
    const Finished user = run_program(enter(kNobodys, {built("thermos"), "--version"}));
    if (user.status != 0) GTEST_SKIP() << "others may not run the programs: " << user.err;
  }

  std::string volume() const { return scratch_ / "volume"; }

  Invocation enter(uid_t user, const Words& command) const {
    Words words = {"unshare",           "--pid",     "--fork",    "--kill-child",
                   "--mount-proc",      "--mount",   "/bin/bash", "-c",
                   std::string(kEnter), "container", volume(),    std::to_string(user)};
    words.insert(words.end(), command.begin(), command.end());
    return {words, {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}, "/", {}};
  }
  // `thermos run` of the task with the id t.
  Invocation container(uid_t user, const std::string& processes) const {
    const std::string config = volume() + "/task.json";
    write_text(config, R"({"finalization_wait": 100, "processes": [)" + processes + "]}");
    return enter(user, {built("thermos"), "run", "--root", volume() + "/root", "--task-id", "t",
                        "--sandbox", volume() + "/box", config});
  }
  // The container's PID 1 as this test sees it; 0: there is none.
  static pid_t first_process(const Program& program) {
    const std::vector<pid_t> children = real::children_of(program.pid());
    return children.size() == 1 ? children.front() : 0;
  }
  // Never to a pid that is none: to kill(), 0 and -1 are groups, and all there is.
  static ::testing::AssertionResult signal_first_process(const Program& program, int signal) {
    const pid_t pid = first_process(program);
    if (pid <= 1) return ::testing::AssertionFailure() << "the container has no PID 1";
    if (::kill(pid, signal) == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "kill " << pid << ": errno " << errno;
  }
  // Starts what opens `path` before it waits for signals, and sends PID 1 one as soon as it has
  // done so. Into a fifo it writes `text` only then.
  Finished signalled_early(const std::string& path, const std::string& text,
                           const Invocation& invocation, int signal) const {
    Opened writer{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    const Opened opens{::inotify_init1(IN_CLOEXEC)};
    EXPECT_GE(::inotify_add_watch(opens.fd, path.c_str(), IN_OPEN), 0);
    Program program(invocation);
    pollfd event{opens.fd, POLLIN, 0};
    EXPECT_EQ(::poll(&event, 1, 120'000), 1) << "it does not open " << path;
    EXPECT_TRUE(signal_first_process(program, signal));
    EXPECT_EQ(::write(writer.fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(std::exchange(writer.fd, -1));
    return program.wait();
  }
  std::string in_box(const std::string& name) const { return volume() + "/box/" + name; }
};

TEST_F(Container, RunsATaskAsAnyUserAndExitsAsItDid) {
  for (const uid_t user : {uid_t{0}, kNobodys}) {
    const Finished good = run_program(container(
        user,
        R"({"name": "p", "cmdline": "id -u; touch /not-here || echo read-only; [ $PPID != 1 ]; )"
        R"(grep -cE '^Sig(Blk|Ign):.0+$' /proc/self/status"})"));
    EXPECT_EQ(good.status, 0) << good.err << good.out;
    EXPECT_EQ(read_text(in_box(".logs/p/0/stdout")), std::to_string(user) + "\nread-only\n2\n");
    std::filesystem::remove_all(volume() + "/root");
    std::filesystem::remove_all(volume() + "/box");
    const Finished bad = run_program(container(user, R"({"name": "p", "cmdline": "exit 3"})"));
    EXPECT_EQ(bad.status, 1) << bad.err << bad.out;
    std::filesystem::remove_all(volume() + "/root");
    std::filesystem::remove_all(volume() + "/box");
  }
}

// Nothing is expanded in the loop: a trap that runs while bash parses a `<(...)` is a syntax error.
TEST_F(Container, SigtermEndsTheTask) {
  Program program(container(kNobodys, R"({"name": "p", "cmdline": "exec 9<> <(:); )"
                                      R"(trap 'touch saved; exit 0' TERM; touch up; )"
                                      R"(while :; do read -t 0.02 -u 9; done"})"));
  ASSERT_TRUE(real::wait_for_file(in_box("up")));
  ASSERT_TRUE(signal_first_process(program, SIGTERM));
  EXPECT_EQ(program.wait().status, 2);
  EXPECT_TRUE(std::filesystem::exists(in_box("saved")));
}

// As an image's /init: its word to end by force is not a service manager's.
TEST_F(Container, EndsATaskByForceUnderAnotherName) {
  std::filesystem::create_symlink(built("thermos"), volume() + "/init");
  Invocation invocation = container(kNobodys, R"({"name": "p", "cmdline": "exec 9<> <(:); )"
                                              R"(trap 'touch told' TERM; touch up; )"
                                              R"(while :; do read -t 0.02 -u 9; done"})");
  std::replace(invocation.words.begin(), invocation.words.end(), built("thermos"),
               volume() + "/init");
  Program program(invocation);
  ASSERT_TRUE(real::wait_for_file(in_box("up")));
  ASSERT_TRUE(signal_first_process(program, SIGINT));
  ASSERT_TRUE(real::wait_for_file(in_box("told")));
  ASSERT_TRUE(signal_first_process(program, SIGINT));
  EXPECT_EQ(program.wait().status, 2);
  const Finished status =
      run_program({{built("thermos"), "status", "--json", "--root", volume() + "/root", "t"}});
  const auto run = nlohmann::json::parse(status.out)["tasks"][0]["processes"]["p"][0];
  EXPECT_EQ(run["state"], "KILLED") << run;
  EXPECT_EQ(run.value("return_code", 0), -SIGKILL) << run;
}

// The kernel drops a signal to PID 1 that has no handler for it: the container would run on until
// SIGKILL.
TEST_F(Container, HearsASignalThatComesWhileItStarts) {
  const struct {
    int signal;
    int status;
  } cases[] = {{SIGTERM, 2}, {SIGINT, 2}, {SIGUSR1, 75}};
  for (const auto& [signal, status] : cases) {
    const Invocation run = container(kNobodys, "");
    const std::string config = run.words.back();
    std::filesystem::remove(config);
    ASSERT_EQ(::mkfifo(config.c_str(), 0644), 0);
    const Finished ended = signalled_early(
        config, R"({"name": "t", "processes": [{"name": "p", "cmdline": "sleep 20"}]})", run,
        signal);
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    std::filesystem::remove(config);
    std::filesystem::remove_all(volume() + "/root");
    std::filesystem::remove_all(volume() + "/box");
  }
}

TEST_F(Container, SoDoesTheDaemon) {
  const std::string settings = volume() + "/settings.yaml";
  write_text(settings, "log_level: info\n");
  const Finished ended =
      signalled_early(settings, "",
                      enter(kNobodys, {built("thermos-reactor"), "--root", volume() + "/root",
                                       "--socket", volume() + "/socket", "--config", settings}),
                      SIGTERM);
  EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
  EXPECT_NE(ended.err.find("stopping"), std::string::npos) << ended.err;
}

// What a process leaves is its coordinator's to end. What others start in the container, as
// `kubectl exec` does, is left to PID 1: the task here ends when no zombie is.
TEST_F(Container, ReapsWhatOthersLeaveThere) {
  Program program(container(0, R"({"name": "p", "cmdline":
      "touch up; until [ -e left ]; do read -t 0.02 < <(:); done; )"
                               R"(while grep -qE '[)] Z 1 ' /proc/[0-9]*/stat; do )"
                               R"(read -t 0.02 < <(:); done; true"})"));
  ASSERT_TRUE(real::wait_for_file(in_box("up")));
  const Finished entered =
      run_program({{"nsenter", "-t", std::to_string(first_process(program)), "-p", "-m",
                    "/bin/bash", "-c", "for i in 1 2 3 4 5; do (setsid /bin/true &); done"},
                   {{"PATH", "/usr/bin:/bin"}}});
  ASSERT_EQ(entered.status, 0) << entered.err;
  write_text(in_box("left"), "");
  EXPECT_EQ(program.wait().status, 0);
}

// With PID 1 the kernel kills all of the container.
TEST_F(Container, TheNextOneGoesOn) {
  const std::string processes =
      R"({"name": "first", "cmdline": "echo first >> ledger"},
         {"name": "p", "needs": ["first"], "min_duration": 0, "cmdline":
          "touch up; [ $THERMOS_RUN = 1 ] || while :; do read -t 0.02 < <(:); done"})";
  {
    Program program(container(kNobodys, processes));
    ASSERT_TRUE(real::wait_for_file(in_box("up")));
    ASSERT_TRUE(signal_first_process(program, SIGKILL));
    program.wait();
  }
  const Finished next = run_program(container(kNobodys, processes));
  EXPECT_EQ(next.status, 0) << next.err << next.out;
  EXPECT_EQ(read_text(in_box("ledger")), "first\n");
}

}  // namespace
}  // namespace thermos::testing
