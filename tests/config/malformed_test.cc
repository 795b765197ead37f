// What is refused, and the one line that says so.
#include <gtest/gtest.h>

#include <string>

#include "core/config/load.h"
#include "keys.h"
#include "refusal.h"

namespace thermos::config {
namespace {

// A task of process 'a' and what `more` adds to it (", key: value").
std::string process(const std::string& more) {
  return R"({"processes": [{"name": "a", "cmdline": "true")" + more + "}]}";
}
std::string task(const std::string& more) {
  return R"({"processes": [{"name": "a", "cmdline": "true"}, {"name": "b", "cmdline": "true"}])" +
         more + "}";
}
std::string command(const std::string& cmdline) {
  return R"({"processes": [{"name": "a", "cmdline": ")" + cmdline + "\"}]}";
}
std::string order(const std::string& names) {
  return task(R"(, "constraints": [{"order": )" + names + "}]");
}

class Malformed : public testing::TestWithParam<Refusal> {};

TEST_P(Malformed, IsRefusedInOneLine) {
  const std::string& text = GetParam().text;
  // JSON alone is what is recorded, where no reference is bound.
  const bool bound = text.find("{{") == std::string::npos;
  const auto loaded = bound ? load_bound(text, "f") : load(text, "f", "", {});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::BadConfig);
  EXPECT_EQ(loaded.error().message, "f:" + GetParam().message);
}

const Refusal kSyntax[] = {
    {"Nothing", "", " is empty: a task is an object"},
    {"Blanks", " \n\t", " is empty: a task is an object"},
    {"OnlyABom", "\xef\xbb\xbf", " is empty: a task is an object"},
    {"BehindABom", "\xef\xbb\xbf}",
     "1:1: not valid JSON: syntax error while parsing value - unexpected '}'; expected '[', '{', "
     "or "
     "a literal"},
    {"Comment", "// a task\n{}",
     "1:1: not valid JSON: syntax error while parsing value - invalid literal"},
    {"CutOff", "{\"processes\": [\n  {\"name\": \"a\"",
     "2:15: not valid JSON: syntax error while parsing object - unexpected end of input; expected "
     "'}'"},
    {"TrailingComma", "{\n  \"name\": \"a\",\n}",
     "3:1: not valid JSON: syntax error while parsing object key - unexpected '}'; expected string "
     "literal"},
    {"TwoDocuments", task("") + "\n{}",
     "2:1: not valid JSON: syntax error while parsing value - unexpected '{'; expected end of "
     "input"},
    {"MissingColon", "{\"name\" 1}",
     "1:9: not valid JSON: syntax error while parsing object separator - unexpected number "
     "literal; expected ':'"},
    {"SingleQuotes", "{'name': 'a'}",
     "1:2: not valid JSON: syntax error while parsing object key - invalid literal; expected "
     "string literal"},
    {"NewlineInString", "{\"name\": \"a\nb\"}",
     "1:12: not valid JSON: syntax error while parsing value - invalid string: control character "
     "U+000A (LF) must be escaped to \\u000A or \\n"},
    {"BrokenUtf8", "{\"name\": \"a\xff\"}",
     "1:12: not valid JSON: syntax error while parsing value - invalid string: ill-formed UTF-8 "
     "byte"},
    {"LoneSurrogate", R"({"name": "\ud800"})",
     "1:17: not valid JSON: syntax error while parsing value - invalid string: surrogate "
     "U+D800..U+DBFF must be followed by U+DC00..U+DFFF"},
    {"NotANumber", R"({"max_failures": NaN})",
     "1:18: not valid JSON: syntax error while parsing value - invalid literal"},
    {"HugeNumber", R"({"max_failures": 1e999})",
     "1:22: not valid JSON: number overflow parsing '1e999'"},
    {"LeadingZero", R"({"max_failures": 01})",
     "1:19: not valid JSON: syntax error while parsing object - unexpected number literal; "
     "expected '}'"},
    {"Deep", std::string(5000, '['), "1: nested deeper than 100 levels"},
    {"DeepObjects",
     [] {
       std::string text;
       for (int i = 0; i < 5000; ++i) text += "{\"a\":\n";
       return text;
     }(),
     "101: nested deeper than 100 levels"},
    {"KeyTwice", "{\"processes\": [\n{\"name\": \"a\",\n\"name\": \"b\"}]}",
     "3: processes[0]: key 'name' is given twice"},
    {"TaskKeyTwice", task(R"(, "user": "x", "user": "x")"), "1: key 'user' is given twice"},
    {"UnknownKeyTwiceAmongMany",
     [] {
       std::string text = "[{}, {\"k\": 1";
       for (int i = 0; i < 30; ++i) text += ", \"k" + std::to_string(i) + "\": 1";
       return text + ",\n\"k\": 2}]";
     }(),
     "2: [1]: key 'k' is given twice"},
};

const Refusal kShape[] = {
    {"AString", "\"a\"",
     "1: a configuration is a task (an object) or a list of tasks, not a string"},
    {"Null", "null", "1: a configuration is a task (an object) or a list of tasks, not null"},
    {"NoTask", "[]", "1: holds no task"},
    {"NoTasks", "{\"tasks\": []}", "1: tasks: holds no task"},
    {"TasksIsNoList", "{\"tasks\": {}}", "1: tasks: must be a list, not an object"},
    {"BesideTasks", "{\"tasks\": [],\n \"name\": 1}", "2: unknown key 'name' beside 'tasks'"},
    {"TaskIsNoObject", "[3]", "1: [0]: a task is an object, not a number"},
    {"TaskInTasks", "{\"tasks\": [\n{\"proceses\": []}]}",
     "2: tasks[0]: unknown key 'proceses', did you mean 'processes'?"},
    {"EmptyTask", "{}", "1: 'processes' is missing: a task needs at least one process"},
    {"NoProcesses", "{\"processes\": []}",
     "1: processes: is empty: a task needs at least one process"},
    {"ProcessesIsNoList", "{\"processes\": 1}",
     "1: processes: must be a list or an object, not a number"},
    {"ProcessIsNoObject", "{\"processes\": [\n\"a\"]}",
     "2: processes[0]: a process is an object, not a string"},
    {"NoName", R"({"processes": [{"cmdline": "true"}]})", "1: processes[0]: 'name' is missing"},
    {"NoCmdline", R"({"processes": [{"name": "a"}]})",
     "1: processes[0]: 'cmdline' is missing: it or 'argv' says what is run"},
    {"NearKey", R"({"processes": [{"name": "a", "cmdlin": "true"}]})",
     "1: processes[0]: unknown key 'cmdlin', did you mean 'cmdline'?"},
    {"SwappedLetters", task(R"(, "uesr": "x")"), "1: unknown key 'uesr', did you mean 'user'?"},
    {"Capital", task(R"(, "User": "x")"), "1: unknown key 'User', did you mean 'user'?"},
    {"FarKey", task(R"(, "colour": 1)"), "1: unknown key 'colour': a task has " + task_keys()},
    {"KeyWithNewline", process(R"(, "a\nb": 1)"),
     "1: processes[0]: unknown key 'a\\nb': a process has " + process_keys()},
    {"BackoffIsNumber", process(R"(, "backoff": 5)"),
     "1: processes[0].backoff: a backoff is an object, not a number"},
    {"BackoffKey", process(R"(, "backoff": {"max": 5})"),
     "1: processes[0].backoff: unknown key 'max': a backoff has first, factor, most, reset"},
    {"BackoffShrinks", process(R"(, "backoff": {"factor": 0.5})"),
     "1: processes[0].backoff.factor: is too small: a wait grows by a factor of 1 at least"},
    {"BackoffOutOfRange", process(R"(, "backoff": {"factor": 1001})"),
     "1: processes[0].backoff.factor: 1001 is out of range: 0 to 1000 times"},
    {"BackoffFromNothing", process(R"(, "backoff": {"first": 0})"),
     "1: processes[0].backoff.first: is 0: no wait would ever grow from it"},
    {"BackoffOfAtMostLess", process(R"(, "backoff": {"first": 10, "most": 5})"),
     "1: processes[0].backoff.most: is less than the first wait"},
    {"BackoffResetOfNothing", process(R"(, "backoff": {"reset": 0})"),
     "1: processes[0].backoff.reset: is 0: every run lasts so long, and no wait would grow; leave "
     "it out"},
    {"BackoffOfTheTask", task(R"(, "backoff": {"first": 400})"),
     "1: backoff.most: is less than the first wait"},
    {"TimeoutOfNothing", process(R"(, "timeout": 0)"),
     "1: processes[0].timeout: is 0: no run could take so little; leave it out for no limit"},
    {"TimeoutBelowZero", process(R"(, "timeout": -1)"),
     "1: processes[0].timeout: -1 is out of range: 0 to 1000000000 seconds"},
    {"TimeoutInWords", process(R"(, "timeout": "soon")"),
     "1: processes[0].timeout: must be a number, not a string; or a time as '20m' or '1h30m'"},
    {"ResourcesKey", process(R"(, "resources": {"gpu_count": 1})"),
     "1: processes[0].resources: unknown key 'gpu_count': resources have cpu, ram, disk"},
    {"Command", R"({"processes": [{"name": "a", "command": "true"}]})",
     "1: processes[0]: unknown key 'command': here it is 'cmdline', or 'argv' without a shell"},
    {"Environment", process(R"(, "environment": {})"),
     "1: processes[0]: unknown key 'environment': here it is 'env', an object of names and texts"},
    {"Restart", process(R"(, "restart": "always")"),
     "1: processes[0]: unknown key 'restart': here it is 'max_failures', after a failure, and "
     "'daemon' after a success"},
    {"WorkingDir", task(R"(, "working_dir": "x")"),
     "1: unknown key 'working_dir': here it is 'cwd'"},
    {"DependsOn", task(R"(, "depends_on": [])"),
     "1: unknown key 'depends_on': here it is 'constraints', as [{order: [FIRST, THEN]}]"},
    {"BothCommands", process(R"(, "argv": ["true"])"),
     "1: processes[0].argv: is given beside 'cmdline': one of the two says what is run"},
    {"NearArgv", R"({"processes": [{"name": "a", "argw": ["true"]}]})",
     "1: processes[0]: unknown key 'argw', did you mean 'argv'?"},
    {"ArgvIsText", R"({"processes": [{"name": "a", "argv": "true"}]})",
     "1: processes[0].argv: must be a list, not a string"},
    {"ArgvIsEmpty", R"({"processes": [{"name": "a", "argv": []}]})",
     "1: processes[0].cmdline: is empty"},
    {"EnvIsAList", process(R"(, "env": ["A=1"])"),
     "1: processes[0].env: must be an object, not a list"},
    {"EnvOfNumbers", task(R"(, "env": {"A": 1})"), "1: env.A: must be a string, not a number"},
    {"EnvName", task(R"(, "env": {"A=B": "1"})"),
     "1: env: 'A=B': a variable's name can't hold '='"},
    {"EnvOwnName", process(R"(, "env": {"THERMOS_RUN": "1"})"),
     "1: processes[0].env: THERMOS_RUN is set for every run: give another name"},
    {"EnvTwice", process(R"(, "env": {"A": "1", "{{name}}": "1", "a": "2"})"),
     "1: processes[0].env.a: is given twice"},
    {"CwdIsNumber", process(R"(, "cwd": 1)"),
     "1: processes[0].cwd: must be a string, not a number"},
    {"StdinOutside", process(R"(, "stdin": "../x")"),
     "1: processes[0].stdin: '../x' is no file of the sandbox: name it from there, without '..'"},
    {"SuccessCode", process(R"(, "success_codes": [0, 256])"),
     "1: processes[0].success_codes[1]: 256 is no exit code: 0 to 255"},
    {"NoSuccessCodes", process(R"(, "success_codes": [])"),
     "1: processes[0].success_codes: is empty: then no end of a run is a success"},
    {"StopSignal", process(R"(, "stop_signal": "TREM")"),
     "1: processes[0].stop_signal: 'TREM' is no signal, did you mean 'TERM'?"},
    {"StopSignalNumber", process(R"(, "stop_signal": 65)"),
     "1: processes[0].stop_signal: '65' is no signal: it has a name, as TERM, or a number, 1 to "
     "64"},
    {"StopSignalFlag", process(R"(, "stop_signal": true)"),
     "1: processes[0].stop_signal: must be a signal's name or number, not true or false"},
    {"StopWait", process(R"(, "stop_wait": -1)"),
     "1: processes[0].stop_wait: -1 is out of range: 0 to 1000000000 seconds"},
    {"ConstraintKey", task(R"(, "constraints": [{"ordr": []}])"),
     "1: constraints[0]: unknown key 'ordr', did you mean 'order'?"},
    {"ConstraintIsList", task(R"(, "constraints": [["a", "b"]])"),
     "1: constraints[0]: a constraint is an object, not a list"},
    {"NoOrder", task(R"(, "constraints": [{}])"), "1: constraints[0]: 'order' is missing"},
    {"OrderIsString", order("\"a\""), "1: constraints[0].order: must be a list, not a string"},
    {"OrderOfNumbers", order("[1]"), "1: constraints[0].order[0]: must be a string, not a number"},
    {"ResourcesIsNumber", task(R"(, "resources": 4)"),
     "1: resources: resources is an object, not a number"},
};

const Refusal kFieldValues[] = {
    {"NameIsNumber", R"({"name": 1, "processes": [{"name": "a", "cmdline": "b"}]})",
     "1: name: must be a string, not a number"},
    {"NameIsNull", R"({"name": null, "processes": [{"name": "a", "cmdline": "b"}]})",
     "1: name: must be a string, not null"},
    {"CmdlineIsList", "{\"processes\": [{\"name\": \"a\",\n\"cmdline\": [\n\"a\"]}]}",
     "2: processes[0].cmdline: must be a string, not a list"},
    {"ReadyOfNothing", process(R"(, "ready": {"interval": 2})"),
     "1: processes[0].ready: needs one of cmd, tcp, unix, http, file, log, notify"},
    {"ReadyOfAnEmptyText", process(R"(, "ready": {"file": ""})"),
     "1: processes[0].ready: needs one of cmd, tcp, unix, http, file, log, notify"},
    {"ReadyOfTwo", process(",\n\"ready\": {\"file\": \"a\", \"cmd\": \"b\"}"),
     "2: processes[0].ready: has both cmd and file: give one of them"},
    {"ReadyIsText", process(R"(, "ready": "up")"),
     "1: processes[0].ready: a ready is an object, not a string"},
    {"ReadyKey", process(R"(, "ready": {"htp": "x"})"),
     "1: processes[0].ready: unknown key 'htp', did you mean 'http'?"},
    {"ReadyLog", process(",\n\"ready\": {\n\"log\": \"(\"}"),
     "3: processes[0].ready.log: '(': there is a ( without a )"},
    {"ReadyLogNowhere", process(R"(, "ready": {"log": "x"}, "logger": {"destination": "none"})"),
     "1: processes[0].ready.log: needs files to read: the process's logger has the destination "
     "'none'"},
    {"ReadyWithin", process(R"(, "ready": {"file": "x", "within": "soon"})"),
     "1: processes[0].ready.within: must be a number, not a string; or a time as '20m' or '1h30m'"},
    {"HealthyOfNothing", process(R"(, "healthy": {"failures": 2})"),
     "1: processes[0].healthy: needs one of cmd, tcp, unix, http, file"},
    {"HealthyOfTwo", process(R"(, "healthy": {"file": "a", "cmd": "b"})"),
     "1: processes[0].healthy: has both cmd and file: give one of them"},
    {"HealthyOfALog", process(R"(, "healthy": {"log": "up"})"),
     "1: processes[0].healthy: unknown key 'log': a healthy has cmd, tcp, unix, http, file, "
     "interval, timeout, failures"},
    {"HealthyTcp", process(",\n\"healthy\": {\n\"tcp\": \"80\"}"),
     "3: processes[0].healthy.tcp: '80' is not HOST:PORT: HOST is an IP address or localhost, and "
     "PORT 1 to 65535"},
    {"HealthyInterval", process(R"(, "healthy": {"file": "x", "interval": 0})"),
     "1: processes[0].healthy.interval: is too short: 0.01 seconds at least"},
    {"HealthyNeverFails", process(R"(, "healthy": {"file": "x", "failures": 0})"),
     "1: processes[0].healthy.failures: is 0: leave 'healthy' out to ask nothing"},
    {"HealthyFailsLate", process(R"(, "healthy": {"file": "x", "failures": 65536})"),
     "1: processes[0].healthy.failures: is too large: at most 65535"},
    {"ReadyOfNoNotify", process(R"(, "ready": {"notify": false})"),
     "1: processes[0].ready: needs one of cmd, tcp, unix, http, file, log, notify"},
    {"ReadyNotifyAndFile", process(R"(, "ready": {"notify": true, "file": "a"})"),
     "1: processes[0].ready: has both file and notify: give one of them"},
    {"ReadyNotifyIsText", process(R"(, "ready": {"notify": "yes"})"),
     "1: processes[0].ready.notify: must be true or false, not a string"},
    {"HealthyOfNotify", process(R"(, "healthy": {"notify": true})"),
     "1: processes[0].healthy: unknown key 'notify': a healthy has cmd, tcp, unix, http, file, "
     "interval, timeout, failures"},
    {"OnYieldSignal", process(R"(, "on_yield": {"signal": "USER1"})"),
     "1: processes[0].on_yield.signal: 'USER1' is no signal, did you mean 'USR1'?"},
    {"OnYieldWait", process(R"(, "on_yield": {"wait": "1x"})"),
     "1: processes[0].on_yield.wait: must be a number, not a string; or a time as '20m' or "
     "'1h30m'"},
    {"OnYieldKey", process(R"(, "on_yield": {"sginal": 3})"),
     "1: processes[0].on_yield: unknown key 'sginal', did you mean 'signal'?"},
    {"TimeOfAFinalizer", process(R"(, "time": "20m", "final": true)"),
     "1: processes[0].time: is of no use to a finalizer: it starts whatever time is left"},
    {"WatchdogTooShort", process(R"(, "watchdog": 0)"),
     "1: processes[0].watchdog: is too short: 0.1 seconds at least"},
    {"WatchdogIsText", process(R"(, "watchdog": "often")"),
     "1: processes[0].watchdog: must be a number, not a string; or a time as '20m' or '1h30m'"},
    {"NotifyIsNumber", process(R"(, "notify": 1)"),
     "1: processes[0].notify: must be true or false, not a number"},
    {"DaemonIsNumber", process(R"(, "daemon": 2)"),
     "1: processes[0].daemon: must be true or false, not a number"},
    {"FinalIsString", process(R"(, "final": "true")"),
     "1: processes[0].final: must be true or false, not a string"},
    {"EphemeralIsNull", process(R"(, "ephemeral": null)"),
     "1: processes[0].ephemeral: must be true or false, not null"},
    {"FailuresIsString", process(R"(, "max_failures": "1 2")"),
     "1: processes[0].max_failures: must be a number, not a string"},
    {"KillsIsNegative", process(R"(, "max_kills": -1)"),
     "1: processes[0].max_kills: -1 is out of range: 0 to 4294967295"},
    {"KillsIsString", process(R"(, "max_kills": "many")"),
     "1: processes[0].max_kills: must be a number, not a string"},
    {"FailuresIsBoolean", task(R"(, "max_failures": true)"),
     "1: max_failures: must be a number, not true or false"},
    {"FailuresIsNegative", task(",\n\"max_failures\": -1\n"),
     "2: max_failures: -1 is out of range: 0 to 4294967295"},
    {"FailuresIsHuge", task(R"(, "max_failures": 4294967296)"),
     "1: max_failures: 4294967296 is out of range: 0 to 4294967295"},
    {"FailuresIsBeyondAnyInteger", task(R"(, "max_failures": 99999999999999999999)"),
     "1: max_failures: 1e+20 is out of range: 0 to 4294967295"},
    {"FailuresIsFraction", task(R"(, "max_failures": 1.5)"),
     "1: max_failures: must be a whole number, not 1.5"},
    {"ConcurrencyIsNegative", task(R"(, "max_concurrency": -8.0)"),
     "1: max_concurrency: -8 is out of range: 0 to 4294967295"},
    {"WaitIsNegative", task(R"(, "finalization_wait": -0.5)"),
     "1: finalization_wait: -0.5 is out of range: 0 to 1000000000 seconds"},
    {"WaitIsString", task(R"(, "finalization_wait": "30 s")"),
     "1: finalization_wait: must be a number, not a string; or a time as '20m' or '1h30m'"},
    {"DurationIsHuge", process(R"(, "min_duration": 1000000001)"),
     "1: processes[0].min_duration: 1000000001 is out of range: 0 to 1000000000 seconds"},
    {"CpuIsNegative", task(R"(, "resources": {"cpu": -1})"),
     "1: resources.cpu: -1 is out of range: 0 to 1000000 cores"},
    {"RamIsString", task(R"(, "resources": {"ram": "1G"})"),
     "1: resources.ram: must be a number, not a string"},
    {"RamIsFraction", task(R"(, "resources": {"ram": 0.5})"),
     "1: resources.ram: must be a whole number, not 0.5"},
    {"DiskIsHuge", process(R"(, "resources": {"disk": 9223372036854775808})"),
     "1: processes[0].resources.disk: 9223372036854775808 is out of range: 0 to "
     "9223372036854775807"},
    {"DiskIsHugeAndReal", process(R"(, "resources": {"disk": 9223372036854775808.0})"),
     "1: processes[0].resources.disk: 9223372036854775808 is out of range: 0 to "
     "9223372036854775807"},
    {"DiskIsNegative", process(R"(, "resources": {"disk": -1})"),
     "1: processes[0].resources.disk: -1 is out of range: 0 to 9223372036854775807"},
};

const Refusal kMeaning[] = {
    {"EmptyName", "{\"processes\": [\n{\"name\":\n\"\", \"cmdline\": \"true\"}]}",
     "3: processes[0].name: a name can't be empty"},
    {"HiddenName", R"({"processes": [{"name": ".a", "cmdline": "true"}]})",
     "1: processes[0].name: '.a': a name can't begin with '.'"},
    {"SlashInName", R"({"processes": [{"name": "a/b", "cmdline": "true"}]})",
     "1: processes[0].name: 'a/b': a name can't hold '/'"},
    {"NulInName", R"({"processes": [{"name": "a\u0000", "cmdline": "true"}]})",
     "1: processes[0].name: 'a\\x00': a name can't hold control characters"},
    {"NewlineInTaskName", task(R"(, "name": "a\nb")"),
     "1: name: 'a\\nb': a name can't hold control characters"},
    {"LongName",
     R"({"processes": [{"name": ")" + std::string(244, 'x') + R"(", "cmdline": "true"}]})",
     "1: processes[0].name: '" + std::string(60, 'x') +
         "...' is 244 bytes long: a name has at most 243, to fit into a file name"},
    {"SameName",
     "{\"processes\": [{\"name\": \"a\", \"cmdline\": \"x\"},\n"
     "{\"name\": \"a\", \"cmdline\": \"y\"}]}",
     "2: processes[1].name: 'a' is the name of processes[0] already"},
    {"EmptyCmdline", command(""), "1: processes[0].cmdline: is empty"},
    {"NulInCmdline", command(R"(a\u0000b)"), "1: processes[0].cmdline: holds a NUL byte"},
    {"LongCmdline", command(std::string(131'072, 'x')),
     "1: processes[0].cmdline: is 131072 bytes long: the kernel takes at most 131071 in one "
     "argument"},
    {"UnknownInOrder", order(R"(["a", "c"])"),
     "1: constraints[0].order[1]: there is no process 'c'"},
    {"NearInOrder",
     R"({"processes": [{"name": "fetch", "cmdline": "true"}], "constraints": [{"order":)"
     R"( ["fetsch"]}]})",
     "1: constraints[0].order[0]: there is no process 'fetsch', did you mean 'fetch'?"},
    {"Cycle",
     task(",\n\"constraints\": [\n{\"order\": [\"a\", \"b\"]},\n{\"order\": [\"b\", \"a\"]}]"),
     "4: constraints[1].order: a cycle: a -> b -> a"},
    {"WaitsForItself", order(R"(["b", "b"])"), "1: constraints[0].order: a cycle: b -> b"},
};

const Refusal kReferences[] = {
    {"Unbound", command("echo {{foo}}"),
     "1: processes[0].cmdline: {{foo}} is not bound: give -E foo=VALUE"},
    {"UnboundDotted", command("{{foo.bar}}"),
     "1: processes[0].cmdline: {{foo.bar}} is not bound: give -E foo.bar=VALUE"},
    {"UnboundPort", command("{{thermos.ports[http]}}"),
     "1: processes[0].cmdline: {{thermos.ports[http]}} is not bound: give -P http:PORT"},
    {"UnboundTaskId", command("{{thermos.task_id}}"),
     "1: processes[0].cmdline: {{thermos.task_id}} is not bound: the task has no id here"},
    {"UnboundUser", command("{{thermos.user}}"),
     "1: processes[0].cmdline: {{thermos.user}} is not bound: give --user USER"},
    {"UnknownOwn", command("{{thermos.host}}"),
     "1: processes[0].cmdline: {{thermos.host}} is unknown: there are thermos.task_id, "
     "thermos.user and thermos.ports[NAME]"},
    {"Itself", command("{{cmdline}}"),
     "1: processes[0].cmdline: endless reference: processes[0].cmdline -> processes[0].cmdline"},
    {"InCircles",
     R"({"name": "{{user}}", "user": "{{processes[0].name}}",)"
     R"( "processes": [{"name": "{{processes[0].cmdline}}", "cmdline": "{{user}}"}]})",
     "1: processes[0].name: endless reference: processes[0].name -> "
     "processes[0].cmdline -> user -> processes[0].name"},
    {"ProcessOutOfRange", command("{{processes[1].name}}"),
     "1: processes[0].cmdline: {{processes[1].name}} is out of range: the task has 1 processes, "
     "from [0] on"},
    {"HugeIndex", command("{{processes[99999999999999999999].name}}"),
     "1: processes[0].cmdline: {{processes[99999999999999999999].name}} names no field of "
     "this task"},
    {"WholeProcess", command("{{processes[0]}}"),
     "1: processes[0].cmdline: {{processes[0]}} is not a string: name a field, as in "
     "processes[0].name"},
    {"FieldOfProcess", command("{{processes[0].nmae}}"),
     "1: processes[0].cmdline: {{processes[0].nmae}} does not exist: a process has no such field, "
     "did you "
     "mean 'name'?"},
    {"WholeConstraint", command("{{constraints[0]}}"),
     "1: processes[0].cmdline: {{constraints[0]}} is not a string: name an entry, as in "
     "constraints[0].order[0]"},
    {"NoSuchConstraint", command("{{constraints[0].order[0]}}"),
     "1: processes[0].cmdline: {{constraints[0].order[0]}} does not exist: the task has no such "
     "constraint"},
    {"NoResources", command("{{resources.ram}}"),
     "1: processes[0].cmdline: {{resources.ram}} does not exist: no resources are given"},
    {"NoUser", command("{{user}}"),
     "1: processes[0].cmdline: {{user}} does not exist: the task names no user; there is "
     "{{thermos.user}}"},
    {"InName", R"({"processes": [{"name": "{{x}}", "cmdline": "true"}]})",
     "1: processes[0].name: {{x}} is not bound: give -E x=VALUE"},
    {"InTaskName", task(R"(, "name": "{{x}}")"), "1: name: {{x}} is not bound: give -E x=VALUE"},
    {"InUser", task(R"(, "user": "{{x}}")"), "1: user: {{x}} is not bound: give -E x=VALUE"},
    {"InOrder", order("[\n\"a\",\n\"{{x}}\"]"),
     "3: constraints[0].order[1]: {{x}} is not bound: give -E x=VALUE"},
    {"TooLong",
     command(std::string(131'000, 'x') + "{{processes[0].name}}{{&y}}" + std::string(100, 'x')),
     "1: processes[0].cmdline: expands to more than 131071 bytes"},
    {"TooDeep",
     [] {
       std::string text = R"({"processes": [)";
       for (int i = 0; i < 102; ++i) {
         text += R"({"name": "p)" + std::to_string(i) + R"(", "cmdline": "{{processes[)" +
                 std::to_string(i + 1) + R"(].cmdline}}"},)";
       }
       return text + R"({"name": "last", "cmdline": "true"}]})";
     }(),
     "1: processes[100].cmdline: references lead to references more than 100 deep"},
};

INSTANTIATE_TEST_SUITE_P(Syntax, Malformed, testing::ValuesIn(kSyntax), name_of);
INSTANTIATE_TEST_SUITE_P(Shape, Malformed, testing::ValuesIn(kShape), name_of);
INSTANTIATE_TEST_SUITE_P(Values, Malformed, testing::ValuesIn(kFieldValues), name_of);
INSTANTIATE_TEST_SUITE_P(Meaning, Malformed, testing::ValuesIn(kMeaning), name_of);
INSTANTIATE_TEST_SUITE_P(References, Malformed, testing::ValuesIn(kReferences), name_of);

}  // namespace
}  // namespace thermos::config
