// The helpers of .thermos files and those of C++ make the same tasks of the same parts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "core/compose.h"
#include "core/config/load.h"
#include "reactor/commands/python.h"

namespace thermos {
namespace {

constexpr const char* kParts = R"(
def process(name, **more):
  return Process(name=name, cmdline='run ' + name, **more)

one = Task(name='one', processes=[process('a'), process('b', max_failures=4)],
           constraints=order('a', 'b'), resources=Resources(cpu=0.5, ram=10*MB, disk=3*GB),
           max_failures=7)
two = Task(name='two', processes=[process('b', max_failures=4), process('c'), process('d')],
           constraints=order('b', 'c') + order('a', 'b'), resources=Resources(cpu=1.25, ram=1*TB),
           finalization_wait=9)
three = Task(name='three', processes=[process('e', daemon=True, min_duration=0.5)],
             max_concurrency=2, user='nobody')
)";

ProcessConfig process(const std::string& name) {
  ProcessConfig made;
  made.name = name;
  made.cmdline = "run " + name;
  return made;
}

std::vector<TaskConfig> parts() {
  std::vector<TaskConfig> tasks(3);
  tasks[0].name = "one";
  tasks[0].processes = {process("a"), process("b")};
  tasks[0].processes[1].max_failures = 4;
  tasks[0].constraints = {order({"a", "b"})};
  tasks[0].resources = Resources{0.5, 10 * kMiB, 3 * kGiB};
  tasks[0].max_failures = 7;
  tasks[1].name = "two";
  tasks[1].processes = {tasks[0].processes[1], process("c"), process("d")};
  tasks[1].constraints = {order({"b", "c"}), order({"a", "b"})};
  tasks[1].resources = Resources{1.25, kTiB, 0};
  tasks[1].finalization_wait = 9 * kSecond;
  tasks[2].name = "three";
  tasks[2].processes = {process("e")};
  tasks[2].processes[0].daemon = true;
  tasks[2].processes[0].min_duration = kSecond / 2;
  tasks[2].max_concurrency = 2;
  tasks[2].user = "nobody";
  return tasks;
}

// What `expression` is in Python.
TaskConfig in_python(const std::string& expression) {
  const auto text = evaluate_python(kParts + ("export(" + expression + ")\n"), "f.thermos", {});
  EXPECT_TRUE(text.ok()) << text.error().message;
  if (!text) return {};
  auto task = config::load(*text, "f.thermos", "", {}, config::Form::Evaluated);
  EXPECT_TRUE(task.ok()) << task.error().message;
  return task ? *task : TaskConfig();
}

void expect_same(const std::string& expression, const TaskConfig& task) {
  EXPECT_EQ(config::first_difference(in_python(expression), task), "") << expression;
}

class ComposePython : public testing::Test {
 protected:
  // The machine's own python3: what version managers put before it is a script, and slow.
  static void SetUpTestSuite() { ::setenv("PATH", "/usr/bin:/bin", 1); }
};

TEST_F(ComposePython, TasksComeOutTheSame) {
  const std::vector<TaskConfig> all = parts();
  const std::span<const TaskConfig> span(all);
  expect_same("combine_tasks(one, two, three)", combine_tasks(span));
  expect_same("combine_tasks(one, two)", combine_tasks(span.first(2)));
  expect_same("combine_tasks(one)", combine_tasks(span.first(1)));
  // Nothing can wait for a daemon: it is last.
  expect_same("concat_tasks(one, three)", concat_tasks(std::vector{all[0], all[2]}));
  expect_same("concat_tasks(one, two(constraints=[]))", [&] {
    std::vector<TaskConfig> two = {all[0], all[1]};
    two[1].constraints.clear();
    return concat_tasks(two);
  }());
  expect_same("SimpleTask('hello', 'echo hello')", simple_task("hello", "echo hello"));
  expect_same("SequentialTask(one(constraints=[]))", [&] {
    TaskConfig task = all[0];
    task.constraints.clear();
    return *sequential_task(task);
  }());
}

TEST_F(ComposePython, OptionsComeOutTheSame) {
  const std::vector<CommandOption> options = {{"a", ""}, {"b", "23"}, {"boo", "foo"}, {"bar", ""}};
  const std::string given = "'a', {'b': 23, 'boo': 'foo', 'bar': ''}";
  const TaskConfig task =
      in_python("SimpleTask(java_options(" + given + "), python_options(" + given + "))");
  EXPECT_EQ(task.name, java_options(options));
  ASSERT_EQ(task.processes.size(), 1U);
  EXPECT_EQ(task.processes[0].cmdline, python_options(options));
}

}  // namespace
}  // namespace thermos
