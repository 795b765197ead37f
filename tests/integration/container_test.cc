// thermos as PID 1 of a container: a pid and a mount namespace of its own, a root file system that
// can't be written, one volume, neither control groups nor /proc/sys, and any user.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

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
  // The container's PID 1 as this test sees it.
  static pid_t first_process(const Program& program) {
    const std::vector<pid_t> children = real::children_of(program.pid());
    return children.empty() ? -1 : children.front();
  }
  std::string in_box(const std::string& name) const { return volume() + "/box/" + name; }
};

TEST_F(Container, RunsATaskAsAnyUserAndExitsAsItDid) {
  for (const uid_t user : {uid_t{0}, kNobodys}) {
    const Finished good = run_program(container(
        user,
        R"({"name": "p", "cmdline": "id -u; touch /not-here || echo read-only; [ $PPID != 1 ]"})"));
    EXPECT_EQ(good.status, 0) << good.err << good.out;
    EXPECT_EQ(read_text(in_box(".logs/p/0/stdout")), std::to_string(user) + "\nread-only\n");
    std::filesystem::remove_all(volume() + "/root");
    std::filesystem::remove_all(volume() + "/box");
    const Finished bad = run_program(container(user, R"({"name": "p", "cmdline": "exit 3"})"));
    EXPECT_EQ(bad.status, 1) << bad.err << bad.out;
    std::filesystem::remove_all(volume() + "/root");
    std::filesystem::remove_all(volume() + "/box");
  }
}

TEST_F(Container, SigtermEndsTheTask) {
  Program program(container(kNobodys, R"({"name": "p", "cmdline":
      "trap 'touch saved; exit 0' TERM; touch up; while :; do read -t 0.02 < <(:); done"})"));
  ASSERT_TRUE(real::wait_for_file(in_box("up")));
  ASSERT_EQ(::kill(first_process(program), SIGTERM), 0);
  EXPECT_EQ(program.wait().status, 2);
  EXPECT_TRUE(std::filesystem::exists(in_box("saved")));
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
    ASSERT_EQ(::kill(first_process(program), SIGKILL), 0);
    program.wait();
  }
  const Finished next = run_program(container(kNobodys, processes));
  EXPECT_EQ(next.status, 0) << next.err << next.out;
  EXPECT_EQ(read_text(in_box("ledger")), "first\n");
}

}  // namespace
}  // namespace thermos::testing
