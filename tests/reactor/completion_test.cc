#include "reactor/commands/completion.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reactor/commands/commands.h"

namespace thermos {
namespace {

using Kind = Completion::Kind;
using Words = std::vector<std::string>;

TEST(Completion, OfTheFirstWordIsACommandOrAnOption) {
  EXPECT_EQ(complete({}).kind, Kind::Command);
  EXPECT_EQ(complete({""}).kind, Kind::Command);
  EXPECT_EQ(complete({"ru"}).kind, Kind::Command);
  EXPECT_EQ(complete({"--root", "/tmp", ""}).kind, Kind::Command);
  const Completion options = complete({"-"});
  EXPECT_EQ(options.kind, Kind::Words);
  EXPECT_NE(std::find(options.words.begin(), options.words.end(), "--version"),
            options.words.end());
}

TEST(Completion, GoesByTheCommand) {
  EXPECT_EQ(complete({"run", ""}).kind, Kind::Files);
  EXPECT_EQ(complete({"run", "a.json", ""}).kind, Kind::Nothing);
  EXPECT_EQ(complete({"status", "a", "b"}).kind, Kind::Tasks);
  EXPECT_EQ(complete({"kill", ""}).kind, Kind::ActiveTasks);
  EXPECT_EQ(complete({"help", ""}).kind, Kind::Command);
  EXPECT_EQ(complete({"completion", ""}).words, (Words{"bash", "zsh", "fish"}));
  EXPECT_EQ(complete({"nosuch", ""}).kind, Kind::Nothing);
  const Completion process = complete({"tail", "-f", "-n", "5", "t1", ""});
  EXPECT_EQ(process.kind, Kind::Processes);
  EXPECT_EQ(process.task, "t1");
}

TEST(Completion, OfAnOptionAndItsValue) {
  const Completion options = complete({"run", "--s"});
  EXPECT_EQ(options.kind, Kind::Options);
  EXPECT_EQ(options.command, "run");
  EXPECT_EQ(complete({"run", "--sync", ""}).words, (Words{"power", "crash"}));
  EXPECT_EQ(complete({"resume", "--on-term", ""}).words, (Words{"kill", "yield"}));
  EXPECT_EQ(complete({"--root", ""}).kind, Kind::Files);
  EXPECT_EQ(complete({"run", "--task-id", ""}).kind, Kind::Tasks);
  EXPECT_EQ(complete({"run", "--name", ""}).kind, Kind::Nothing);
  const Completion from = complete({"rerun", "t1", "--from", ""});
  EXPECT_EQ(from.kind, Kind::Processes);
  EXPECT_EQ(from.task, "t1");
  EXPECT_EQ(complete({"rerun", "--from", ""}).kind, Kind::Nothing) << "no task is named yet";
  EXPECT_EQ(complete({"run", "--quiet", ""}).kind, Kind::Files);
}

TEST(Completion, KnowsWhereTheTasksAre) {
  const Completion line = complete({"--root", "/r", "wait", "--socket", "/s", ""});
  EXPECT_EQ(line.root, "/r");
  EXPECT_EQ(line.socket, "/s");
  EXPECT_EQ(line.command, "wait");
}

TEST(Completion, EachCommandThatItKnowsIsThere) {
  for (const Command& command : commands()) {
    const Kind kind = complete({std::string(command.name), ""}).kind;
    const bool takes_none = command.name == "schema" || command.name == "drain" ||
                            command.name == "pools" || command.name == "drill" ||
                            command.name == "metrics" || command.name == "observe";
    EXPECT_EQ(kind == Kind::Nothing, takes_none) << command.name;
  }
}

TEST(Completion, OptionsAreThoseOfTheHelp) {
  EXPECT_EQ(options_in("Usage: x [OPTIONS]\n\nIt is well-known -- not more.\n"
                       "  -q, --quiet       only `--root` and -q\n  --a-b N  see --quiet\n"),
            (Words{"-q", "--quiet", "--root", "--a-b", "--help"}));
}

}  // namespace
}  // namespace thermos
