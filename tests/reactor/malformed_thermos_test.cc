// What is refused in .thermos files, and the one line that says so. Each row is evaluated by
// python3 and loaded as any other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string>

#include "core/config/load.h"
#include "reactor/configuration/python.h"

namespace thermos {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string message;  // the line behind the file's name; all of it, unless Python ends it
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.text.substr(0, 100);
}

// A process 'a', and what `more` adds to it.
std::string process(const std::string& more) {
  return "export(Task(processes=[Process(name='a', cmdline='true'" + more + ")]))";
}
// A task of two processes, and what `more` adds to it on line 3.
std::string task(const std::string& more) {
  return "a = Process(name='a', cmdline='true')\nb = Process(name='b', cmdline='true')\n"
         "export(Task(processes=[a, b]" +
         more + "))";
}

// The words of a syntax error are those of the Python that finds it.
constexpr std::string_view kSyntaxError = "SyntaxError: ";

class MalformedThermos : public ::testing::TestWithParam<Case> {
 protected:
  // The machine's own python3: what version managers put before it is a script, and slow.
  static void SetUpTestSuite() { ::setenv("PATH", "/usr/bin:/bin", 1); }
};

TEST_P(MalformedThermos, IsRefusedInOneLine) {
  config::Bindings bindings;
  bindings.user = "joe";
  const auto loaded = [&]() -> Result<TaskConfig> {
    const auto text = evaluate_python(GetParam().text, "f.thermos", {});
    if (!text) return text.error();
    return config::load(*text, "f.thermos", "", bindings, {config::Form::Evaluated});
  }();
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::BadConfig);
  std::string message = loaded.error().message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  if (GetParam().message.ends_with(kSyntaxError)) {
    message.resize(std::min(message.size(), message.find(kSyntaxError) + kSyntaxError.size()));
  }
  EXPECT_EQ(message, "f.thermos" + GetParam().message);
}

const Case kFiles[] = {
    {"Nothing", "", ": holds no task: end it with export(task), or with jobs = [job]"},
    {"OnlyAComment", "# nothing\n",
     ": holds no task: end it with export(task), or with jobs = [job]"},
    {"ExportsNothing", "Task(processes=[])\n",
     ": holds no task: end it with export(task), or with jobs = [job]"},
    {"CutOff", "export(Task(\n", ":1: SyntaxError: "},
    {"NoPython", "this is no python\n", ":1: SyntaxError: "},
    {"PrintAsAStatement", "print 'hello'\n", ":1: SyntaxError: "},
    {"BadIndent", "if True:\nexport(1)\n", ":2: SyntaxError: "},
    {"UnknownName", "x = 1\nexport(Tsk(processes=[]))\n",
     ":2: NameError: name 'Tsk' is not defined"},
    {"UnknownImport", "import nowhere_to_be_found\n",
     ":1: ModuleNotFoundError: No module named 'nowhere_to_be_found'"},
    {"Raises", "raise ValueError('a\\nb')\n", ":1: ValueError: a b"},
    {"Exits", "import sys\nsys.exit(0)\n",
     ":2: calls exit(): a configuration says what is run, and ends nothing"},
    {"Asserts", "assert False\n", ":1: AssertionError"},
    {"DividesByZero", "def f(x):\n  return 1 / x\n\nf(0)\n",
     ":2: ZeroDivisionError: division by zero"},
    {"Recurses", "def f():\n  return f()\nf()\n",
     ":2: nested too deeply, or calls itself without end"},
    {"IncludesNothing", "include('none.thermos')\n",
     ":1: include('none.thermos'): none.thermos: No such file or directory"},
    {"IncludesADirectory", "include('.')\n", ":1: include('.'): .: Is a directory"},
    {"IncludeWithoutAFile", "include()\n",
     ":1: TypeError: include() missing 1 required positional argument: 'path'"},
    {"ExportsText", "export('hello')\n", ":1: export() takes a task, not a text"},
    {"ExportsNone", "export(None)\n", ":1: export() takes a task, not None"},
    {"ExportsAProcess", "export(Process(name='a', cmdline='true'))\n",
     ":1: export() takes a task, not a Process"},
    {"ExportsAList", "export([])\n", ":1: export() takes a task, not a list"},
    {"ExportsABadDictionary", "export({'nam': 'a'})\n",
     ":1: Task has no attribute 'nam': did you mean 'name'?"},
    {"JobsIsNoList", "jobs = Job(task=SimpleTask('a', 'true'))\n",
     ": jobs is a list of jobs, not a Job"},
    {"JobsHoldsATask", "jobs = [SimpleTask('a', 'true')]\n",
     ": jobs is a list of jobs, and holds a Task"},
    {"JobWithoutATask", "x = 1\njobs = [Job(name='a')]\n", ":2: a job needs a task: Job(task=...)"},
    {"JobOfText", "jobs = [Job(task='a')]\n", ":1: Job.task: Task is wanted, not a text"},
};

const Case kShapes[] = {
    {"UnknownProcessAttribute", process(", max_failure=2"),
     ":1: Process has no attribute 'max_failure': did you mean 'max_failures'?"},
    {"UnknownTaskAttribute", task(", proceses=[]"),
     ":3: Task has no attribute 'proceses': did you mean 'processes'?"},
    {"UnknownResource", "Resources(cpus=1)\n",
     ":1: Resources has no attribute 'cpus': did you mean 'cpu'?"},
    {"UnknownConstraint", "Constraint(ordr=['a'])\n",
     ":1: Constraint has no attribute 'ordr': did you mean 'order'?"},
    {"UnknownLoggerAttribute", "Logger(rotation=1)\n",
     ":1: Logger has no attribute 'rotation': did you mean 'rotate'?"},
    {"UnknownAttributeRead", "p = Process(name='a')\np.nmae()\n",
     ":2: Process has no attribute 'nmae': did you mean 'name'?"},
    {"NameIsAList", "Process(name=['a'])\n", ":1: Process.name: ['a'] is no String"},
    {"CmdlineIsNone", "export(Task(processes=[Process(name='a', cmdline=None)]))\n",
     ":1: processes[0]: 'cmdline' is missing: it or 'argv' says what is run"},
    {"CmdlineIsMissing", "x = 1\nexport(Task(processes=[Process(name='a')]))\n",
     ":2: processes[0]: 'cmdline' is missing: it or 'argv' says what is run"},
    {"CmdlineIsEmpty", "export(Task(processes=[Process(name='a', cmdline='')]))",
     ":1: processes[0].cmdline: is empty"},
    {"NameIsMissing", "export(Task(name='t', processes=[Process(cmdline='true')]))\n",
     ":1: processes[0]: 'name' is missing"},
    {"NameHasASlash", "export(Task(processes=[Process(name='a/b', cmdline='true')]))",
     ":1: processes[0].name: 'a/b': a name can't hold '/'"},
    {"NameBeginsWithADot", "export(Task(processes=[Process(name='.a', cmdline='true')]))",
     ":1: processes[0].name: '.a': a name can't begin with '.'"},
    {"NameIsEmpty", "export(Task(processes=[Process(name='', cmdline='true')]))",
     ":1: processes[0].name: a name can't be empty"},
    {"TaskNameHasASlash", task(", name='a/b'"), ":3: name: 'a/b': a name can't hold '/'"},
    {"NoProcesses", "export(Task(name='t'))\n",
     ":1: 'processes' is missing: a task needs at least one process"},
    {"EmptyProcesses", "export(Task(name='t', processes=[]))\n",
     ":1: processes: is empty: a task needs at least one process"},
    {"ProcessesIsAProcess", "export(Task(processes=Process(name='a', cmdline='true')))\n",
     ":1: Task.processes: a list is wanted, not a Process"},
    {"ProcessesIsText", "export(Task(processes='a'))\n",
     ":1: Task.processes: a list is wanted, not a text"},
    {"ProcessesHoldsText", "export(Task(processes=['a']))\n",
     ":1: Task.processes: Process is wanted, not a text"},
    {"ProcessesHoldsTasks", "export(Task(processes=[Task()]))\n",
     ":1: Task.processes: Process is wanted, not a Task"},
};

const Case kValues[] = {
    {"MaxFailuresIsText", process(", max_failures='many'"),
     ":1: Process.max_failures: 'many' is no Integer"},
    {"MaxFailuresIsNegative", process(", max_failures=-1"),
     ":1: processes[0].max_failures: -1 is out of range: 0 to 4294967295"},
    {"MaxFailuresIsHuge", process(", max_failures=1 << 40"),
     ":1: processes[0].max_failures: 1099511627776 is out of range: 0 to 4294967295"},
    {"DaemonIsText", process(", daemon='yes'"), ":1: Process.daemon: 'yes' is no Boolean"},
    {"DaemonIsANumber", process(", daemon=2"), ":1: Process.daemon: 2 is no Boolean"},
    {"MinDurationIsNegative", process(", min_duration=-1"),
     ":1: processes[0].min_duration: -1 is out of range: 0 to 1000000000 seconds"},
    {"MinDurationIsInfinite", process(", min_duration=float('inf')"),
     ":1: Process.min_duration: inf is no Seconds"},
    {"FinalizationWaitIsText", task(", finalization_wait='long'"),
     ":3: Task.finalization_wait: 'long' is no Seconds"},
    {"CpuIsNegative", task(", resources=Resources(cpu=-1)"),
     ":3: resources.cpu: -1 is out of range: 0 to 1000000 cores"},
    {"RamIsText", task(", resources=Resources(ram='1 GB')"),
     ":3: Resources.ram: '1 GB' is no Integer"},
    {"ResourcesIsANumber", task(", resources=5"),
     ":3: Task.resources: Resources is wanted, not a number"},
    {"SameNameTwice",
     "a = Process(name='a', cmdline='true')\nexport(Task(processes=[a,\n  a(cmdline='false')]))\n",
     ":3: processes[1].name: 'a' is the name of processes[0] already"},
    {"UnknownProcessInOrder", task(",\n  constraints=order('a', 'c')"),
     ":4: constraints[0].order[1]: there is no process 'c'"},
    {"OrderIsText", task(", constraints=[Constraint(order='a')]"),
     ":3: Constraint.order: a list is wanted, not a text"},
    {"OrderOfNumbers", "order(1, 2)\n",
     ":1: order() takes processes and their names, not a number"},
    {"OrderOfANamelessOne", "order(Process(cmdline='true'))\n",
     ":1: order() needs processes with names, and one has none"},
    {"ConstraintsIsOneConstraint", task(", constraints=Constraint(order=['a', 'b'])"),
     ":3: Task.constraints: a list is wanted, not a Constraint"},
    {"Cycle", task(",\n  constraints=order(a, b) + order(b, a)"),
     ":4: constraints[1].order: a cycle: a -> b -> a"},
    {"FinalBehindRegular",
     "a = Process(name='a', cmdline='true')\nb = Process(name='b', cmdline='true', "
     "final=True)\nexport(Task(processes=[a, b], constraints=order(a, b)))\n",
     ":3: constraints[0].order[1]: 'b' is final and 'a' is not: an order is all final or not at "
     "all"},
    {"WaitsForADaemon",
     "a = Process(name='a', cmdline='true', daemon=True)\nb = Process(name='b', "
     "cmdline='true')\nexport(Task(processes=[a, b], constraints=order(a, b)))\n",
     ":3: constraints[0].order[1]: 'b' can't wait for 'a', a daemon: it runs again and again and "
     "never ends"},
    {"SequentialWithConstraints",
     "a = Process(name='a', cmdline='true')\nSequentialTask(processes=[a], constraints=order(a, "
     "a))\n",
     ":2: a SequentialTask has no constraints of its own: its processes run as they stand"},
    {"CombineOfText", "combine_tasks('a', 'b')\n", ":1: tasks are put together, not a text"},
};

const Case kReferences[] = {
    {"UnboundReference", "x = 1\nexport(Task(processes=[Process(name='a', cmdline='echo {{x}}')]))",
     ":2: processes[0].cmdline: {{x}} is not bound: give -E x=VALUE"},
    {"UnboundPort",
     "export(Task(processes=[Process(name='a', cmdline='echo {{thermos.ports[http]}}')]))",
     ":1: processes[0].cmdline: {{thermos.ports[http]}} is not bound: give -P http:PORT"},
    {"UnknownThermosName",
     "export(Task(processes=[Process(name='a', cmdline='echo {{thermos.host}}')]))",
     ":1: processes[0].cmdline: {{thermos.host}} is unknown: there are thermos.task_id, "
     "thermos.user and thermos.ports[NAME]"},
    {"EndlessReference", "export(Task(processes=[Process(name='a', cmdline='echo {{cmdline}}')]))",
     ":1: Process.cmdline: endless reference: cmdline -> cmdline"},
    {"EndlessBindings",
     "export(Task(processes=[Process(name='a', cmdline='{{x}}').bind(x='{{y}}', y='{{x}}')]))\n",
     ":1: Process.cmdline: endless reference: x -> y -> x"},
    {"EndlessName",
     "export(Task(name='{{name}}', processes=[Process(name='a', cmdline='true')]))\n",
     ":1: Task.name: endless reference: name -> name"},
    {"ReferenceToAStruct", "export(Task(processes=[Process(name='a', cmdline='echo {{logger}}')]))",
     ":1: Process.cmdline: a Logger is not a string"},
    {"ReferenceBehindTheEnd",
     "export(Task(processes=[Process(name='a', cmdline='echo {{processes[3].name}}')]))",
     ":1: processes[0].cmdline: {{processes[3].name}} is out of range: the task has 1 processes, "
     "from [0] on"},
    {"BoundNumberIsNone", process(", max_failures='{{n}}').bind(n='many'"),
     ":1: Process.max_failures: 'many' is no Integer"},
    {"BindOfANumber", "String('a').bind(5)\n", ":1: bind() takes names and values, not 5"},
    {"DestinationIsNone", process(", logger=Logger(destination='disk')"),
     ":1: Logger.destination: 'disk' is no LoggerDestination: it is one of file, console, both, "
     "none"},
    {"ModeIsNone", process(", logger=Logger(mode='append')"),
     ":1: Logger.mode: 'append' is no LoggerMode: it is one of standard, rotate"},
    {"LogSizeIsSmall", process(", logger=Logger(rotate=RotatePolicy(log_size=10))"),
     ":1: processes[0].logger.rotate.log_size: is too small: a file holds 1024 bytes at least"},
    {"BackupsAreMany", process(", logger=Logger(rotate=RotatePolicy(backups=5000))"),
     ":1: processes[0].logger.rotate.backups: is too large: at most 1000 files are kept"},
    {"LoggerIsText", process(", logger='file'"),
     ":1: Process.logger: Logger is wanted, not a text"},
    {"EnumOfNumbers", "Enum(1, 2)\n",
     ":1: Enum takes its words: Enum('red', 'green'), or a name and a list of them"},
    {"ListOfText", "List('String')\n", ":1: List takes a type, as in List(String), not 'String'"},
    {"MapOfOne", "Map(String)\n",
     ":1: TypeError: Map() missing 1 required positional argument: 'value_type'"},
    {"IntegerOfText", "Integer('abc')\n", ":1: 'abc' is no Integer"},
    {"StructAttributeOfText", "class Profile(Struct):\n  x = Required('String')\n",
     ":2: an attribute takes a type, as String, not 'String'"},
    {"DefaultOfAnotherType", "class Profile(Struct):\n  x = Default(Integer, 'many')\n",
     ":2: 'many' is no Integer"},
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Files, MalformedThermos, ::testing::ValuesIn(kFiles), name_of);
INSTANTIATE_TEST_SUITE_P(Shapes, MalformedThermos, ::testing::ValuesIn(kShapes), name_of);
INSTANTIATE_TEST_SUITE_P(Values, MalformedThermos, ::testing::ValuesIn(kValues), name_of);
INSTANTIATE_TEST_SUITE_P(References, MalformedThermos, ::testing::ValuesIn(kReferences), name_of);

}  // namespace
}  // namespace thermos
