// A command line that bash can't parse is refused before anything runs.
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using ShellSyntax = ThermosTest;

constexpr const char* kWrong =
    "name: t\nprocesses:\n  - name: a\n    cmdline: echo a\n  - name: b\n    cmdline: \"echo )\"\n";
constexpr const char* kComplaint =
    ": processes[1].cmdline: bash: line 1: syntax error near unexpected "
    "token `)'\n";

TEST_F(ShellSyntax, IsCheckedBeforeARun) {
  const std::string config = file("t.yaml", kWrong);
  for (const Words& words :
       {Words{"run", config}, Words{"submit", config}, Words{"inspect", "--check", config}}) {
    const Finished refused = run(words);
    EXPECT_EQ(refused.status, 65) << words[0];
    EXPECT_EQ(refused.err, "thermos: " + config + ":6:14" + kComplaint);
    EXPECT_EQ(refused.out, "");
  }
  EXPECT_TRUE(tree_of(root()).empty());
}

TEST_F(ShellSyntax, IsCheckedOfACommand) {
  const Finished refused = run({"simplerun", "echo", "'a"});
  EXPECT_EQ(refused.status, 65);
  EXPECT_EQ(refused.err.substr(0, 60),
            "thermos: simplerun: the command: bash: line 1: unexpected EO");
  EXPECT_TRUE(tree_of(root()).empty());
}

TEST_F(ShellSyntax, OfEveryProcessIsShownByInspect) {
  const std::string config = file("t.json", R"({"processes": [{"name": "a", "cmdline": "fi"},
{"name": "b", "cmdline": "x"}, {"name": "c",
"cmdline": "("}]})");
  const Finished refused = run({"inspect", "--check", config});
  EXPECT_EQ(refused.status, 65);
  EXPECT_EQ(refused.err,
            "thermos: " + config +
                ":1: processes[0].cmdline: bash: line 1: syntax error near unexpected token `fi'\n"
                "thermos: " +
                config +
                ":3: processes[2].cmdline: bash: line 2: syntax error: unexpected end of file\n");
}

// The place is that of what was written, not of what became of it.
TEST_F(ShellSyntax, OfAMatrixIsWhereItIsWritten) {
  const std::string config = file("t.yaml",
                                  "processes:\n  a: {cmdline: x, matrix: {k: [1, 2]}}\n"
                                  "  b:\n    cmdline: fi\n");
  EXPECT_EQ(run({"run", config}).err,
            "thermos: " + config +
                ":4:14: processes[2].cmdline: bash: line 1: syntax error near unexpected token "
                "`fi'\n");
}

}  // namespace
}  // namespace thermos::testing
