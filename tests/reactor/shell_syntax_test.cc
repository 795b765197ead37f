// What bash says of command lines before they run.
#include <unistd.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reactor/configuration/shell_syntax.h"

namespace thermos {
namespace {

TaskConfig task_of(const std::vector<std::string>& cmdlines) {
  TaskConfig task;
  for (const std::string& cmdline : cmdlines) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(task.processes.size());
    process.cmdline = cmdline;
  }
  return task;
}

std::string faults_of(const TaskConfig& task) {
  std::string all;
  for (const SyntaxFault& fault : find_syntax_faults(task, 100)) {
    all += fault.path + ": " + fault.what + "\n";
  }
  return all;
}

// Alone, and among others before and behind it.
std::string fault_of(const std::string& cmdline) {
  const std::string alone = faults_of(task_of({cmdline}));
  std::string among = faults_of(task_of({"true", cmdline, "echo ')'", "false"}));
  if (const auto at = among.find("[1]"); at != std::string::npos) among[at + 1] = '0';
  EXPECT_EQ(among, alone) << cmdline;
  return alone;
}

TEST(ShellSyntax, IsWhatBashSays) {
  EXPECT_EQ(fault_of("echo )"),
            "processes[0].cmdline: bash: line 1: syntax error near unexpected token `)'\n");
  EXPECT_EQ(fault_of("true\nif true; then\necho"),
            "processes[0].cmdline: bash: line 4: syntax error: unexpected end of file\n");
  EXPECT_EQ(fault_of("echo 'a").substr(0, 60),
            "processes[0].cmdline: bash: line 1: unexpected EOF while loo");
}

TEST(ShellSyntax, OfWhatIsGoodIsGood) {
  for (const char* good : {"echo 'it'\"'\"'s'",
                           "# nothing",
                           "",
                           "cat <<EOF\na ' b\nEOF",
                           "cat <<EOF\nno end",
                           "echo a \\",
                           "case x in a) echo;; *) ;; esac",
                           "x() { echo; }",
                           "echo `date`",
                           "a &",
                           "echo $(( 1 + 2 )) ${x:-\"y\"}",
                           "[[ a =~ ^(b|c)$ ]]",
                           "shopt -s extglob\nls !(a|b)",
                           "for ((i = 0; i < 3; i++)); do echo $i; done",
                           "echo \"a # b\"",
                           "exit 3",
                           "echo \xc3\xa4",
                           "if true; then echo '}'; fi",
                           "{ echo; }",
                           "( echo )",
                           "time ls | cat",
                           "! true"}) {
    EXPECT_EQ(fault_of(good), "") << good;
  }
}

TEST(ShellSyntax, OfWhatIsOpenIsNotClosedByTheNext) {
  for (const std::vector<std::string>& pair :
       std::vector<std::vector<std::string>>{{"echo 'a", "echo b'"},
                                             {"echo \"a", "echo b\""},
                                             {"echo `a", "echo b`"},
                                             {"if true; then echo a", "fi"},
                                             {"( echo a", "echo b )"},
                                             {"{ echo a", "echo b; }"},
                                             {"echo $(a", "b)"},
                                             {"case x in", "x) ;; esac"},
                                             {"echo ${a", "b} )"},
                                             {"while true; do", "done"},
                                             {"echo $((", "1))"},
                                             {"[[ a", "]]"}}) {
    const auto faults = find_syntax_faults(task_of(pair), 100);
    EXPECT_EQ(faults.size(), 2U) << pair[0];
    const auto swapped = find_syntax_faults(task_of({pair[1], pair[0]}), 100);
    EXPECT_EQ(swapped.size(), 2U) << pair[0];
  }
}

TEST(ShellSyntax, IsAskedForEveryCommandLine) {
  TaskConfig task = task_of({"true"});
  task.processes[0].ready.emplace().cmd = "[";
  EXPECT_EQ(faults_of(task), "");
  task.processes[0].ready->cmd = "if";
  task.processes[0].secret.entries = {{"A", {"", "(", false}}, {"B", {"/b", "", false}}};
  EXPECT_EQ(faults_of(task),
            "processes[0].ready.cmd: bash: line 2: syntax error: unexpected end of file\n"
            "processes[0].secret.A.cmd: bash: line 2: syntax error: unexpected end of file\n");
  task = task_of({"true"});
  task.secret.entries = {{"A", {"", "(", false}}, {"B", {"", "true", false}}};
  EXPECT_EQ(faults_of(task), "secret.A.cmd: bash: line 2: syntax error: unexpected end of file\n");
}

// Nothing of them is run, and one that says it was wrong in thousands is found.
TEST(ShellSyntax, RunsNothingAndFindsTheFewAmongMany) {
  std::vector<std::string> lines(10'000, "touch /tmp/thermos-was-run; exit 1");
  EXPECT_EQ(faults_of(task_of(lines)), "");
  lines[17] = "echo )";
  lines[9'999] = "fi";
  EXPECT_EQ(faults_of(task_of(lines)),
            "processes[17].cmdline: bash: line 1: syntax error near unexpected token `)'\n"
            "processes[9999].cmdline: bash: line 1: syntax error near unexpected token `fi'\n");
  EXPECT_NE(access("/tmp/thermos-was-run", F_OK), 0);
  EXPECT_EQ(find_syntax_faults(task_of(lines), 1).size(), 1U);
}

}  // namespace
}  // namespace thermos
