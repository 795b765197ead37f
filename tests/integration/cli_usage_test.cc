// Wrong words: the right exit status, one line that helps, and nothing left on the disk.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

constexpr std::string_view kTask = R"({"processes": [{"name": "p", "cmdline": "true"}]})";

class Usage : public ThermosTest {
 protected:
  // `words` must fail with `status`, say `part` in one line, and make nothing.
  void refuse(const Words& words, int status, std::string_view part) const {
    const std::vector<std::string> before = tree_of(work());
    const Finished finished = run(words);
    std::string what;
    for (const std::string& word : words) what += word + " ";
    EXPECT_EQ(finished.status, status) << what << finished.err;
    EXPECT_EQ(finished.out, "") << what;
    EXPECT_TRUE(finished.err.starts_with("thermos: ")) << what << finished.err;
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    EXPECT_NE(finished.err.find(part), std::string::npos) << what << finished.err;
    EXPECT_FALSE(std::filesystem::exists(root())) << what;
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "home")) << what;
    EXPECT_EQ(tree_of(work()), before) << what;
  }
};

TEST_F(Usage, NamesTheNearestCommand) {
  refuse({"stauts"}, 64, "did you mean 'status'?");
  refuse({"xyzzy"}, 64, "unknown command 'xyzzy'");
  refuse({"help", "stauts"}, 64, "did you mean 'status'?");
  refuse({"help", "run", "status"}, 64, "unexpected argument 'status'");
}

TEST_F(Usage, NeverOffersACommandThatEndsThingsForOneThatLooks) {
  for (const std::string word : {"stat", "ps", "ls", "top", "list"}) {
    refuse({word}, 64, "did you mean 'status'?");
  }
  refuse({"logs"}, 64, "did you mean 'tail'?");
  refuse({"validate"}, 64, "did you mean 'inspect --check'?");
  for (const std::string word : {"tops", "brain", "skill", "till", "drain-", "estart", "atop"}) {
    const Finished refused = run({word});
    EXPECT_EQ(refused.status, 64);
    for (const char* ending : {"'kill'", "'stop'", "'restart'", "'drain'", "'drill'"}) {
      const bool begun = word == "drain-" && std::string_view(ending) == "'drain'";
      if (begun) continue;
      EXPECT_EQ(refused.err.find(ending), std::string::npos) << refused.err;
    }
  }
}

TEST_F(Usage, NamesTheNearestOption) {
  refuse({"run", "--sandbx", "x", "c.json"}, 64, "did you mean '--sandbox'?");
  refuse({"status", "--jsn"}, 64, "did you mean '--json'?");
  refuse({"simplerun", "--nmae", "x", "true"}, 64, "did you mean '--name'?");
  refuse({"--rot", "x", "status"}, 64, "did you mean '--root'?");
  refuse({"kill", "++", "x"}, 64, "unknown option ++");
  refuse({"tail", "-x", "y"}, 64, "unknown option -x");
}

TEST_F(Usage, WantsAValueForAnOptionThatTakesOne) {
  refuse({"run", "--sandbox"}, 64, "--sandbox takes a value");
  refuse({"tail", "task", "-n"}, 64, "--lines takes a value");
}

TEST_F(Usage, WantsWhatACommandIsAbout) {
  refuse({"run"}, 64, "CONFIG is missing");
  refuse({"run", "a.json", "b.json"}, 64, "unexpected argument 'b.json'");
  refuse({"simplerun"}, 64, "COMMAND is missing");
  refuse({"simplerun", "--"}, 64, "COMMAND is missing");
  refuse({"inspect"}, 64, "CONFIG is missing");
  refuse({"kill"}, 64, "TASK_ID_REGEX is missing");
  refuse({"tail"}, 64, "TASK is missing");
  refuse({"tail", "a", "b", "c"}, 64, "unexpected argument 'c'");
  refuse({"read"}, 64, "CHECKPOINT is missing");
  refuse({"read", "--simple", "--json", "x"}, 64, "cannot be combined");
}

TEST_F(Usage, ChecksPortsAndBindings) {
  const std::string config = file("t.json", kTask);
  refuse({"run", "-P", ":80", config}, 64, "NAME:PORT");
  refuse({"run", "-P", "http:0", config}, 64, "1 to 65535");
  refuse({"run", "-P", "http:65536", config}, 64, "1 to 65535");
  refuse({"run", "-P", "http:80x", config}, 64, "1 to 65535");
  refuse({"run", "-P", "http:-1", config}, 64, "1 to 65535");
  refuse({"run", "-P", "http:80", "-P", "http:81", config}, 64, "given twice");
  refuse({"run", "-P", "http=80", config}, 64, "NAME:PORT");
  refuse({"run", "-E", "NAME", config}, 64, "NAME=VALUE");
  refuse({"run", "-E", "=x", config}, 64, "NAME=VALUE");
  refuse({"inspect", "-E", "A=1", "-E", "A=1", config}, 64, "given twice");
}

TEST_F(Usage, ChecksValues) {
  const std::string config = file("t.json", kTask);
  refuse({"run", "--sync", "maybe", config}, 64, "power or crash");
  refuse({"run", "--task-id", "a/b", config}, 64, "task id");
  refuse({"run", "--task_id", ".x", config}, 64, "task id");
  refuse({"run", "--log-level", "loud", config}, 64, "--log-level loud: it is trace, debug");
  refuse({"submit", "--sync", "crash", config}, 64, "unknown option --sync");
  refuse({"run", "--daemon", "--sync", "crash", config}, 64, "the daemon syncs as its own --sync");
  refuse({"run", "--sandbox", config, config}, 64, "not a directory");
  refuse({"run", "--sandbox", config + "/below", config}, 64, "--sandbox");
  refuse({"run", "--chroot", config}, 64, "--chroot needs --sandbox");
  refuse({"run", "--enable_chroot", config}, 64, "--chroot needs --sandbox");
  refuse({"status", "--only", "some"}, 64, "active, finished or failed");
  refuse({"status", "[a"}, 64, "regular expression");
  refuse({"kill", "--wait", "-1", "x"}, 64, "--wait");
  refuse({"kill", "--wait", "soon", "x"}, 64, "--wait");
  refuse({"kill", "--wait", "nan", "x"}, 64, "--wait");
  refuse({"tail", "-n", "-3", "x"}, 64, "-n");
}

TEST_F(Usage, TheDaemonChecksTheLevelOfItsLog) {
  for (const std::string level : {"NONSENSE", "INFO"}) {
    Invocation daemon;
    daemon.words = {built("thermos-reactor"), "--root", root(), "--socket", scratch_ / "no/socket"};
    daemon.words.push_back("--log-level=" + level);
    const Finished refused = run_program(daemon);
    EXPECT_EQ(refused.status, 64) << level;
    EXPECT_EQ(refused.err, "thermos-reactor: --log-level " + level +
                               ": it is trace, debug, info, warn, error, critical or off\n");
    EXPECT_FALSE(std::filesystem::exists(root()));
  }
}

TEST_F(Usage, SaysWhatIsNotThere) {
  refuse({"run", "no.json"}, 66, "no.json");
  refuse({"run", "."}, 66, "a directory");
  refuse({"inspect", "no.json"}, 66, "no.json");
  refuse({"read", "no"}, 66, "no");
  refuse({"status", "no"}, 66, "no task matches 'no'");
  refuse({"status", "no", "nor"}, 66, "no task matches 'no'");
  refuse({"kill", "no"}, 66, "no such task: no active one matches 'no'");
  refuse({"tail", "no"}, 66, "no task matches 'no'");
}

TEST_F(Usage, RefusesABadConfiguration) {
  refuse({"run", "--sandbox", "box", file("a.json", "{")}, 65, "a.json:1");
  refuse({"run", file("b.json", R"({"processes": [{"name": "p", "cmdlin": "x"}]})")}, 65,
         "cmdline");
  refuse({"run", file("c.json", R"({"processes": [{"name": "p", "cmdline": "{{who}}"}]})")}, 65,
         "who");
  refuse({"run", file("d.json", R"({"name": "t", "processes": [
      {"name": "a", "cmdline": "x"}, {"name": "b", "cmdline": "x"}],
      "constraints": [{"order": ["a", "b", "a"]}]})")},
         65, "a -> b -> a");
  refuse({"run", file("deep.json", std::string(5000, '['))}, 65, "deep.json");
}

TEST_F(Usage, WritesNoControlCharactersToTheScreen) {
  refuse({"status", "a\x1b]0;m\nb"}, 66, R"(a\x1b]0;m\nb)");
}

TEST_F(Usage, NobodyMayUseAnotherUserButRoot) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may";
  refuse({"run", "--user", "root", file("t.json", kTask)}, 77, "only root");
  refuse({"run", "--user", "nobody-such", file("u.json", kTask)}, 77, "only root");
  refuse({"run", "--chroot", "--sandbox", "box", file("v.json", kTask)}, 77, "only root");
}

TEST_F(Usage, HelpNamesTheOptions) {
  const std::map<std::string, Words> options = {
      {"run",
       {"--sandbox", "--task-id", "--task", "--user", "--chroot", "-P", "-E", "--sync", "--quiet"}},
      {"simplerun", {"--name", "--sandbox", "--task-id", "--user", "--chroot", "--sync", "-q"}},
      {"inspect", {"--task", "-P", "-E", "--json"}},
      {"export", {"--to", "-o", "--name", "--task-id", "--image", "--grace", "-P", "-E"}},
      {"status", {"--only", "--json"}},
      {"tail", {"-f", "--stderr", "-n"}},
      {"kill", {"--wait", "--lose"}},
      {"read", {"--simple", "--json"}}};
  const Finished overview = run({"--help"});
  for (const auto& [command, names] : options) {
    EXPECT_NE(overview.out.find("\n  " + command), std::string::npos) << command;
    const Finished help = run({command, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.err, "");
    EXPECT_EQ(run({command, "-h"}).out, help.out);
    EXPECT_EQ(run({"help", command}).out, help.out);
    for (const std::string& name : names) {
      EXPECT_NE(help.out.find(name), std::string::npos) << command << " " << name;
    }
  }
}

TEST_F(Usage, EveryHelpFitsTheScreen) {
  const auto expect_narrow = [](const std::string& help) {
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  };
  const std::string overview = run({"--help"}).out;
  expect_narrow(overview);
  std::size_t commands = 0;
  std::istringstream lines(overview.substr(0, overview.find("\n\nEvery command")));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) continue;
    const std::string command = line.substr(2, line.find(' ', 2) - 2);
    const Finished help = run({command, "--help"});
    EXPECT_EQ(help.status, 0) << command << help.err;
    EXPECT_NE(help.out.find("Usage: thermos " + command), std::string::npos) << help.out;
    expect_narrow(help.out);
    ++commands;
  }
  EXPECT_GT(commands, 30U);
}

TEST_F(Usage, VersionAndAnEmptyRoot) {
  EXPECT_TRUE(run({"--version"}).out.starts_with("thermos 0."));
  const Finished alone = run({});
  EXPECT_EQ(alone.status, 0);
  EXPECT_EQ(alone.out, "no tasks under " + root() + "\n");
  EXPECT_EQ(run({"status", "--json"}).out, "{\n  \"tasks\": []\n}\n");
  EXPECT_FALSE(std::filesystem::exists(root()));
}

TEST_F(Usage, RootComesFromTheOptionThenTheEnvironment) {
  EXPECT_EQ(run({"--root", "other", "status"}).out, "no tasks under " + work() + "/other\n");
  EXPECT_EQ(run({"status", "--root=/x/../y/"}).out, "no tasks under /y\n");
  Invocation unset = thermos({"status", "no-such-task"});
  unset.environment["THERMOS_ROOT"] = "";
  unset.environment["XDG_STATE_HOME"] = "/xdg";
  const std::string expected = ::geteuid() == 0 ? "/var/lib/thermos" : "/xdg/thermos";
  EXPECT_EQ(run_program(unset).err,
            "thermos: no task matches 'no-such-task' under " + expected + "\n");
}

}  // namespace
}  // namespace thermos::testing
