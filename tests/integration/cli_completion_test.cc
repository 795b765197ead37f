// The scripts that `thermos completion` prints, in real shells on a terminal: what a Tab makes of a
// line.
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "terminal.h"
#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

struct Shell {
  const char* name;
  Invocation (*start)(const std::string& setup);
};

constexpr const char* kReady = "ready> ";

Invocation bash(const std::string& setup) {
  return {{"bash", "--norc", "--noprofile", "-i"}, {{"PS1", kReady}, {"SETUP", setup}}, {}, {}};
}
Invocation zsh(const std::string& setup) {
  return {{"zsh", "-f", "-i"}, {{"PS1", kReady}, {"SETUP", setup}}, {}, {}};
}
Invocation fish(const std::string& setup) {
  return {{"fish", "--no-config", "--private", "--interactive", "-C",
           "function fish_prompt; echo -n 'ready> '; end; set -g fish_autosuggestion_enabled 0; " +
               setup},
          {},
          {},
          {}};
}

class CompletionIn : public ThermosTest, public ::testing::WithParamInterface<Shell> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().name;
    if (run_program({{"/bin/sh", "-c", "command -v " + name}}).status != 0) {
      GTEST_SKIP() << name << " is not installed here";
    }
    const std::string task = R"({"processes": [{"name": "fetch", "cmdline": "true"},
                                               {"name": "sum", "cmdline": "true"}]})";
    for (const char* id : {"weekly", "odd task"}) {
      ASSERT_EQ(run_task(id, task).status, 0);
    }
    file("my config.json", task);
  }

  // What the shell makes of `keys`, as the words of a command.
  std::string line_of(const std::string& keys, const std::map<std::string, std::string>& env = {}) {
    const std::string name = GetParam().name;
    std::string setup = "source <(thermos completion " + name + ")";
    if (name == "zsh") setup = "autoload -Uz compinit; compinit -u -D; " + setup;
    if (name == "fish") setup = "thermos completion fish | source";
    Invocation shell = GetParam().start(setup);
    const Invocation usual = thermos({"status"});
    shell.directory = usual.directory;
    shell.environment.insert(usual.environment.begin(), usual.environment.end());
    for (const auto& [variable, value] : env) shell.environment[variable] = value;
    shell.environment["PATH"] =
        std::filesystem::path(built("thermos")).parent_path().string() + ":/usr/bin:/bin";
    Terminal terminal(shell, 200);
    EXPECT_TRUE(terminal.wait_for(kReady)) << terminal.written();
    if (name != "fish") {
      terminal.type("eval \"$SETUP\"\r");
      EXPECT_TRUE(terminal.wait_for(kReady)) << terminal.written();
    }
    // To the front of the line, and what is there is printed instead of run.
    terminal.type(keys + "\x01printf '<%s>' \r");
    EXPECT_TRUE(terminal.wait_for("<thermos>")) << terminal.written();
    EXPECT_TRUE(terminal.wait_for(kReady)) << terminal.written();
    const std::string written = terminal.written();
    const std::size_t begin = written.rfind("<thermos>");
    terminal.type("exit\r");
    terminal.wait();
    return written.substr(begin, written.rfind('>', written.find(kReady, begin) - 1) + 1 - begin);
  }
};

TEST_P(CompletionIn, CommandsOptionsAndTheirValues) {
  EXPECT_EQ(line_of("thermos simpl\t"), "<thermos><simplerun>");
  EXPECT_EQ(line_of("thermos run --keep-l\t"), "<thermos><run><--keep-logs>");
  EXPECT_EQ(line_of("thermos run --sync cr\t"), "<thermos><run><--sync><crash>");
}

TEST_P(CompletionIn, TasksAndProcesses) {
  EXPECT_EQ(line_of("thermos status wee\t"), "<thermos><status><weekly>");
  EXPECT_EQ(line_of("thermos tail -f weekly su\t"), "<thermos><tail><-f><weekly><sum>");
  EXPECT_EQ(line_of("thermos status od\t"), "<thermos><status><odd task>");
}

TEST_P(CompletionIn, Files) {
  EXPECT_EQ(line_of("thermos run my\t"), "<thermos><run><my config.json>");
}

TEST_P(CompletionIn, TasksOfANamedRootAndOfADaemon) {
  const std::string other = scratch_ / "other";
  ASSERT_EQ(
      run({"simplerun", "-q", "--root", other, "--task-id", "elsewhere", "--", "true"}).status, 0);
  EXPECT_EQ(line_of("thermos --root " + other + " status els\t"),
            "<thermos><--root><" + other + "><status><elsewhere>");
  const std::string socket = scratch_ / "socket";
  Program daemon({{built("thermos-reactor"), "--root", scratch_ / "daemon", "--socket", socket,
                   "--log-level", "error"}});
  ASSERT_TRUE(real::wait_for_file(socket));
  Invocation submit =
      thermos({"submit", "--wait", "--task-id", "led", file("t.json", R"({"processes": [
          {"name": "work", "cmdline": "true"}]})")});
  submit.environment["THERMOS_SOCKET"] = socket;
  ASSERT_EQ(run_program(submit).status, 0);
  const std::map<std::string, std::string> asking = {{"THERMOS_SOCKET", socket}};
  EXPECT_EQ(line_of("thermos wait le\t", asking), "<thermos><wait><led>");
  EXPECT_EQ(line_of("thermos tail led wo\t", asking), "<thermos><tail><led><work>");
  EXPECT_EQ(line_of("thermos tail --socket " + socket + " le\t"),
            "<thermos><tail><--socket><" + socket + "><led>");
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionIn,
                         ::testing::Values(Shell{"bash", bash}, Shell{"zsh", zsh},
                                           Shell{"fish", fish}),
                         [](const auto& shell) { return std::string(shell.param.name); });

}  // namespace
}  // namespace thermos::testing
