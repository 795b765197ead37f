// A process for each combination of a matrix.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/config/load.h"
#include "core/config/matrix.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

Result<TaskConfig> load_matrix(const std::string& text) {
  Bindings bindings;
  bindings.environment = {{"who", "me"}};
  return load(text, "f", "", bindings);
}

// "NAME=CMDLINE(NEED NEED)" of each process.
std::string shown(const std::string& text) {
  const auto task = load_matrix(text);
  if (!task) return task.error().message;
  std::string all;
  for (const ProcessConfig& process : task->processes) {
    all += (all.empty() ? "" : " ") + process.name + "=" + process.cmdline;
    if (process.needs.entries.empty()) continue;
    all += "(";
    for (const auto& [name, condition] : process.needs.entries) {
      all += (all.back() == '(' ? "" : " ") + name;
    }
    all += ")";
  }
  return all;
}

std::string orders(const std::string& text) {
  const auto task = load_matrix(text);
  if (!task) return task.error().message;
  std::string all;
  for (const Constraint& constraint : task->constraints) {
    for (const std::string& name : constraint.order) all += name + " ";
    all += "| ";
  }
  return all;
}

TEST(Matrix, MakesOneProcessForEachCombination) {
  EXPECT_EQ(shown(R"(
processes:
  - name: test
    cmdline: "{{matrix.os}} {{matrix.py}} {{name}} {{who}}"
    matrix: {os: [deb, mac], py: [3, '3.10']}
)"),
            "test-deb-3=deb 3 test-deb-3 me test-deb-3.10=deb 3.10 test-deb-3.10 me "
            "test-mac-3=mac 3 test-mac-3 me test-mac-3.10=mac 3.10 test-mac-3.10 me");
}

TEST(Matrix, IsBoundInEveryText) {
  const auto task = load_matrix(R"(
processes:
  - name: a
    argv: [x, "{{matrix.n}}"]
    matrix: {n: [7], k: v}
    env: {N: "{{matrix.n}}{{matrix.k}}"}
    timeout: "{{matrix.n}}"
    cwd: "d/{{matrix.n}}"
)");
  ASSERT_TRUE(task.ok()) << task.error().message;
  const ProcessConfig& process = task->processes.at(0);
  EXPECT_EQ(process.name, "a-7");
  EXPECT_EQ(process.argv.at(1), "7");
  EXPECT_EQ(process.env.entries.at(0).second, "7v");
  EXPECT_EQ(process.timeout, 7 * kSecond);
  EXPECT_EQ(process.cwd, "d/7");
  EXPECT_EQ(process.matrix.entries, (decltype(process.matrix.entries){{"n", "7"}, {"k", "v"}}));
}

// What `inspect --json` prints and a record holds is the same task.
TEST(Matrix, OfOneCombinationIsKeptAsItIs) {
  const auto task = load_matrix(R"(
processes:
  - {name: a, cmdline: "echo {{matrix.n}}", matrix: {n: [1, 2]}}
  - {name: b, cmdline: x, needs: [a]}
)");
  ASSERT_TRUE(task.ok()) << task.error().message;
  const std::string json = to_json(*task, 2);
  for (const auto& again : {load_bound(json, "r"), load_matrix(json)}) {
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(*again, *task);
  }
  EXPECT_EQ(shown("processes: [{name: a, cmdline: '{{matrix.n}}', matrix: {n: 1}}]"), "a=1");
}

// A message holds the task as it is: whoever takes it in is not made to make more of it.
TEST(Matrix, IsExpandedBeforeATaskIsSubmitted) {
  const auto wrong = [](const std::string& more) {
    const auto task = load_bound(
        R"({"name": "t", "processes": [{"name": "p", "cmdline": "x", )" + more + "}]}", "r");
    return task.ok() ? "good" : task.error().message;
  };
  EXPECT_EQ(wrong(R"("matrix": {"a": "1", "b": 2})"), "good");
  EXPECT_EQ(wrong(R"("matrix": {"a": "1", "b": ["2"]})"),
            "r:1: processes[0].matrix.b: is to be expanded before a task is submitted or recorded");
  EXPECT_EQ(wrong(R"("matrix": {"a": "1"}, "exclude": [{"a": "2"}])"),
            "r:1: processes[0].exclude: is to be expanded before a task is submitted or recorded");
  EXPECT_EQ(wrong(R"("exclude": [])"),
            "r:1: processes[0].exclude: is to be expanded before a task is submitted or recorded");
  const auto map = load_bound(
      R"({"name": "t", "processes": {"p": {"cmdline": "x", "matrix": {"a": []}}}})", "r");
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.error().message.find("is to be expanded"), std::string::npos)
      << map.error().message;
}

TEST(Matrix, IsNamedAsAWholeByNeedsAndOrders) {
  const std::string kMatrix = "{name: t, cmdline: x, matrix: {k: [a, b]}}";
  EXPECT_EQ(shown("processes: [" + kMatrix + ", {name: z, cmdline: y, needs: [t]}]"),
            "t-a=x t-b=x z=y(t-a t-b)");
  EXPECT_EQ(
      shown("processes: [" + kMatrix + ", {name: z, cmdline: y, needs: {t: end, t-a: start}}]"),
      "f:1:90: processes[2].needs.t-a: is given twice: a process has one condition");
  EXPECT_EQ(shown("processes: [" + kMatrix + ", {name: z, cmdline: y, needs: [t, t-a]}]"),
            "t-a=x t-b=x z=y(t-a t-b)");
  EXPECT_EQ(shown("processes: [" + kMatrix + ", {name: z, cmdline: y, needs: {t-a: start}}]"),
            "t-a=x t-b=x z=y(t-a)");
  EXPECT_EQ(shown("processes: [" + kMatrix +
                  ", {name: u, cmdline: y, matrix: {k: [a, b]}, needs: ['t-{{matrix.k}}']}]"),
            "t-a=x t-b=x u-a=y(t-a) u-b=y(t-b)");
  const std::string kOrder =
      "processes: [" + kMatrix + ", {name: i, cmdline: x}, {name: o, cmdline: x}]\nconstraints:\n";
  EXPECT_EQ(orders(kOrder + "  - order: [i, t, o]\n  - order: [i, o]\n"),
            "i t-a | i t-b | t-a o | t-b o | i o | ");
}

TEST(Matrix, NamesItsProcessesAsTheNameSays) {
  EXPECT_EQ(shown("processes: [{name: 't{{matrix.k}}x', cmdline: y, matrix: {k: [1, a/b]}}]"),
            "t1x=y ta_bx=y");
  EXPECT_EQ(shown("processes: [{name: t, cmdline: y, matrix: {k: [a, a]}}]"),
            "f:1:20: processes[1].name: 't-a' is the name of processes[0] already");
}

TEST(Matrix, LeavesOutWhatIsExcluded) {
  EXPECT_EQ(shown(R"(
processes:
  - name: t
    cmdline: x
    matrix: {os: [a, b], py: [1, 2], v: [x, y]}
    exclude: [{os: a, py: 1}, {py: 2, v: y}, {os: b, v: x, py: 2}]
)"),
            "t-a-2-x=x t-b-1-x=x t-b-1-y=x");
}

TEST(Matrix, IsRefusedWhereItIsWrong) {
  const auto wrong = [](const std::string& more) {
    std::string text =
        shown("processes:\n  - {name: t, cmdline: x}\n  - name: u\n    cmdline: x\n" + more + "\n");
    EXPECT_EQ(text.substr(0, 2), "f:");
    return text.substr(text.find(' ') + 1);
  };
  EXPECT_EQ(wrong("    matrix: [a]"), "processes[1].matrix: must be an object, not a list");
  EXPECT_EQ(wrong("    matrix: {k: []}"),
            "processes[1].matrix.k: is empty: then there is no process");
  EXPECT_EQ(wrong("    matrix: {k: [1, [2]]}"),
            "processes[1].matrix.k[1]: must be a string or a whole number, not a list");
  EXPECT_EQ(wrong("    matrix: {k: [3.10]}").substr(0, 66),
            "processes[1].matrix.k[0]: must be a string or a whole number, not ");
  EXPECT_EQ(wrong("    matrix: {k: [a]}\n    exclude: [{other: a}]"),
            "processes[1].exclude[0].other: the matrix has no such name");
  EXPECT_EQ(wrong("    matrix: {k: [a]}\n    exclude: [{k: b}]"),
            "processes[1].exclude[0].k: 'b' is no value of the matrix's 'k'");
  EXPECT_EQ(wrong("    matrix: {k: [a]}\n    exclude: [{k: a}]"),
            "processes[1].exclude: leaves no combination of the matrix");
  EXPECT_EQ(wrong("    matrix: {k: [a]}\n    exclude: [{}]"),
            "processes[1].exclude[0]: is empty: name values of the matrix, as {os: linux}");
  EXPECT_EQ(wrong("    exclude: [{k: a}]"),
            "processes[1].exclude: leaves out combinations of a matrix, and the process has none");
  EXPECT_EQ(wrong("    needs: {t: {}}\n    matrix: {k: [a]}").substr(0, 22),
            "processes[1].needs.t: ");
  EXPECT_EQ(wrong("    matrix: {k: [a]}\n  - {name: u, cmdline: x, matrix: {k: [b]}}"),
            "processes[2].name: 'u' is the name of processes[1] already: who needs a matrix by its "
            "name needs all of it");
}

// Two that references make one would be one on record.
TEST(Matrix, HasEachNameOnce) {
  EXPECT_EQ(shown("processes: [{name: t, cmdline: x, matrix: {me: 1, '{{who}}': [2]}}]").substr(8),
            "processes[0].matrix.me: is given twice");
  EXPECT_EQ(shown("processes: [{name: t, cmdline: x, matrix: {a: 1, '{{who}}': [2]}}]"), "t-2=x");
}

// Who needs 'u' would need one of the two alone.
TEST(Matrix, SharesItsNameWithNoOther) {
  const std::string kMatrix = "{name: u, cmdline: x, matrix: {k: [a]}}";
  const std::string kBehind = ": who needs a matrix by its name needs all of it";
  EXPECT_EQ(shown("processes: [" + kMatrix + ", {name: u, cmdline: x}]"),
            "f:1:61: processes[1].name: 'u' is the name of processes[0] already" + kBehind);
  EXPECT_EQ(shown("processes: [{name: u, cmdline: x}, " + kMatrix + "]"),
            "f:1:43: processes[1].name: 'u' is the name of processes[0] already" + kBehind);
  // Names that hold the values are as many names.
  EXPECT_EQ(shown("processes: [{name: 'u{{matrix.k}}', cmdline: x, matrix: {k: [a]}}, "
                  "{name: 'u{{matrix.k}}', cmdline: x, matrix: {k: [b]}}]"),
            "ua=x ub=x");
  EXPECT_EQ(shown("processes: [{name: u, cmdline: x}, {name: u, cmdline: x}, "
                  "{name: v, cmdline: x, matrix: {k: [a]}}]"),
            "f:1:43: processes[1].name: 'u' is the name of processes[0] already");
}

TEST(Matrix, HasALimit) {
  const auto list = [](std::size_t size) {
    std::string text = "[";
    for (std::size_t i = 0; i < size; ++i) text += (i == 0 ? "" : ", ") + std::to_string(i);
    return text + "]";
  };
  const auto with = [&](std::size_t a, std::size_t b, const std::string& more = "") {
    return load_matrix("processes: [{name: t, cmdline: x, matrix: {a: " + list(a) +
                       ", b: " + list(b) + "}}" + more + "]");
  };
  const auto most = with(100, 100);
  ASSERT_TRUE(most.ok()) << most.error().message;
  EXPECT_EQ(most->processes.size(), kMaxCombinations);
  EXPECT_EQ(with(100, 101).error().message,
            "f:1:43: processes[0].matrix: makes more than 10000 processes of one");
  const auto waits =
      with(100, 20, ", {name: u, cmdline: x, needs: [t], matrix: {a: " + list(1000) + "}}");
  ASSERT_FALSE(waits.ok());
  EXPECT_NE(waits.error().message.find("put a process between them"), std::string::npos)
      << waits.error().message;
}

TEST(Matrix, IsFoundWrongWithAllElse) {
  const auto faults = find_faults("processes: [{name: t, cmdline: x, matrix: {a: [], b: {}}}]", "f",
                                  "", Bindings());
  EXPECT_EQ(faults.size(), 2U);
}

}  // namespace
}  // namespace thermos::config
