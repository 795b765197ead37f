// What a table can say: its keys read, written, compared, described and bound by the same code as
// a task's, with every kind of value that there is.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/config/difference.h"
#include "core/config/json_schema.h"
#include "core/config/load.h"
#include "core/config/read_task.h"
#include "core/config/to_json.h"
#include "core/task/describe.h"

namespace thermos::config {
namespace {

enum class When : std::uint8_t { Success, Start, Ready };

struct Probe {
  std::string cmd;
  std::string tcp;
  Microseconds interval = kSecond;
  double factor = 2;
};

struct Step {
  std::string name;
  Named<std::string> env;
  std::vector<std::string> argv;
  Named<When> needs;
  Named<std::uint32_t> uses;
  std::vector<std::uint32_t> codes;
  std::optional<Probe> ready;
  std::optional<Microseconds> timeout;
  std::string cwd;
};

struct Plan {
  std::string name;
  std::vector<Step> steps;
  std::vector<Probe> probes;
  std::optional<std::string> owner;
};

}  // namespace
}  // namespace thermos::config

namespace thermos::fields {

template <>
struct Words<config::When> {
  static constexpr std::array<std::string_view, 3> kAll = {"success", "start", "ready"};
};

template <>
const ObjectType& object_type<config::Probe>() {
  using config::Probe;
  static constexpr std::array kFields = {
      field<&Probe::cmd>("cmd", "A command."),
      field<&Probe::tcp>("tcp", "A port."),
      field<&Probe::interval>("interval", "Seconds.", {.unit = kSeconds}),
      field<&Probe::factor>("factor", "So often.", {.unit = {Kind::Real, 10, "times"}}),
  };
  static const Probe usual;
  static const ObjectType type{.name = "probe",
                               .noun = "a probe",
                               .about = "A question.",
                               .fields = kFields,
                               .usual = &usual,
                               .short_form = true};
  return type;
}

template <>
const ObjectType& object_type<config::Step>() {
  using config::Step;
  static constexpr std::array kFields = {
      field<&Step::name>("name", "Its name.", {.filled = true, .required = "-"}),
      field<&Step::env>("env", "Variables."),
      field<&Step::argv>("argv", "Words."),
      field<&Step::needs>("needs", "What it waits for.", {.names_alone = true}),
      field<&Step::uses>("uses", "Of pools."),
      field<&Step::codes>("codes", "Of success."),
      field<&Step::ready>("ready", "When it is ready.", {.absent = "no probe is given"}),
      field<&Step::timeout>("timeout", "Seconds.", {.unit = kSeconds}),
      field<&Step::cwd>("cwd", "Where it starts."),
  };
  static const Step usual;
  static const ObjectType type{.name = "step",
                               .noun = "a step",
                               .about = "One of them.",
                               .fields = kFields,
                               .usual = &usual,
                               .scope = true};
  return type;
}

template <>
const ObjectType& object_type<config::Plan>() {
  using config::Plan;
  static constexpr std::array kFields = {
      field<&Plan::name>("name", "Its name.", {.filled = true}),
      field<&Plan::steps>("steps", "In any order.", {.required = "a plan needs a step"}),
      field<&Plan::probes>("probes", "More questions."),
      field<&Plan::owner>("owner", "Whose it is."),
  };
  static const Plan usual;
  static const ObjectType type{
      .name = "plan", .noun = "a plan", .about = "Steps.", .fields = kFields, .usual = &usual};
  return type;
}

}  // namespace thermos::fields

namespace thermos::config {
namespace {

// What is wrong, "path: what" of each.
std::string problems_text(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem.path + ": " + problem.what;
  }
  return text;
}

struct Read {
  Plan plan;
  std::vector<Deferred> deferred;
  std::string wrong;
};

std::unique_ptr<Read> read_plan(const std::string& text) {
  auto read = std::make_unique<Read>();
  auto document = parse_json(text, "f");
  if (!document) {
    read->wrong = document.error().message;
    return read;
  }
  read->wrong =
      problems_text(read_object(document->root, fields::slot_of(read->plan), read->deferred, 100));
  return read;
}

std::unique_ptr<Read> bind_plan(const std::string& text) {
  auto plan = read_plan(text);
  if (!plan->wrong.empty()) return plan;
  Bindings bindings;
  bindings.environment = {{"n", "3"}, {"which", "b"}, {"twice", "{{name}}{{name}}"}};
  Binder binder(fields::slot_of(plan->plan), plan->deferred, &plan->plan.name, bindings, 100);
  binder.bind_all();
  plan->wrong = problems_text(binder.problems());
  return plan;
}

// The text of the first step's `cwd` once it is bound, or what is wrong.
std::string bound(const std::string& text) {
  const auto plan = bind_plan(R"({"name": "p", "owner": "ann", "steps": [
      {"name": "a", "cwd": ")" +
                              text + R"(", "env": {"PATH": "/bin", "HOME": "/{{name}}"},
       "argv": ["x", "{{which}}"], "needs": {"b": "start"}, "codes": [0, 4],
       "ready": {"cmd": "ask", "interval": 0.5}},
      {"name": "b", "env": {"OF": "{{name}}"}}], "probes": ["q"]})");
  return plan->wrong.empty() ? plan->plan.steps[0].cwd : plan->wrong;
}

std::string written(const std::string& text) {
  const auto plan = read_plan(text);
  return plan->wrong.empty() ? to_json(fields::view_of(plan->plan), -1) : plan->wrong;
}

std::string wrong(const std::string& step) {
  return read_plan(R"({"name": "p", "steps": [{"name": "a", )" + step + "}]}")->wrong;
}

constexpr const char* kWhole =
    R"({"name": "p", "steps": [{"name": "a", "env": {"PATH": "/bin", "A B": ""}, )"
    R"("argv": ["x", ""], "needs": {"b": "start", "c": "success"}, "uses": {"gpu": 2}, )"
    R"("codes": [0, 4], "ready": {"cmd": "ask", "interval": 0.5, "factor": 2}, "timeout": 90, )"
    R"("cwd": "here"}], "probes": [{"tcp": "h:1", "interval": 1, "factor": 10}], "owner": "ann"})";

TEST(FieldTable, IsReadAndWritten) {
  EXPECT_EQ(written(kWhole), kWhole);
  EXPECT_EQ(written(R"({"name": "p", "steps": [{"name": "a"}]})"),
            R"({"name": "p", "steps": [{"name": "a", "env": {}, "argv": [], "needs": {}, "uses": )"
            R"({}, "codes": []}], "probes": []})");
}

TEST(FieldTable, IsReadFromItsShortForms) {
  const auto plan = read_plan(R"({"name": "p", "steps": [{"name": "a", "needs": ["b", "c"],
                             "ready": "ask"}], "probes": ["one", {"cmd": "two"}]})");
  ASSERT_EQ(plan->wrong, "");
  const Step& step = plan->plan.steps[0];
  EXPECT_EQ(step.needs.entries,
            (decltype(step.needs.entries){{"b", When::Success}, {"c", When::Success}}));
  EXPECT_EQ(step.ready->cmd, "ask");
  EXPECT_EQ(step.ready->interval, kSecond);
  EXPECT_EQ(plan->plan.probes[0].cmd, "one");
  EXPECT_EQ(plan->plan.probes[1].cmd, "two");
}

TEST(FieldTable, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(wrong(R"("env": {"A": 1})"), "steps[0].env.A: must be a string, not a number");
  EXPECT_EQ(wrong(R"("env": ["A"])"), "steps[0].env: must be an object, not a list");
  EXPECT_EQ(wrong(R"("needs": 1)"), "steps[0].needs: must be an object or a list, not a number");
  EXPECT_EQ(wrong(R"("needs": {"b": "redy"})"),
            "steps[0].needs.b: 'redy' is none of success, start, ready, did you mean 'ready'?");
  EXPECT_EQ(wrong(R"("needs": [1])"), "steps[0].needs[0]: must be a string, not a number");
  EXPECT_EQ(wrong(R"("uses": {"gpu": -1})"),
            "steps[0].uses.gpu: -1 is out of range: 0 to 4294967295");
  EXPECT_EQ(wrong(R"("codes": [0, 0.5])"), "steps[0].codes[1]: must be a whole number, not 0.5");
  EXPECT_EQ(wrong(R"("ready": 1)"),
            "steps[0].ready: a probe is an object or a string, not a number");
  EXPECT_EQ(wrong(R"("ready": {"cmd": "x", "factor": 11})"),
            "steps[0].ready.factor: 11 is out of range: 0 to 10 times");
  EXPECT_EQ(wrong(R"("ready": {"cmb": "x"})"),
            "steps[0].ready: unknown key 'cmb', did you mean 'cmd'?");
}

TEST(FieldTable, IsCompared) {
  const auto after = [](const std::string& from, const std::string& to) {
    std::string changed = kWhole;
    changed.replace(changed.find(from), from.size(), to);
    const auto recorded = read_plan(kWhole);
    const auto given = read_plan(changed);
    EXPECT_EQ(given->wrong, "");
    return first_difference(fields::view_of(recorded->plan), fields::view_of(given->plan));
  };
  EXPECT_EQ(after("/bin", "/bin"), "");
  EXPECT_EQ(after("/bin", "/usr"), "steps[0].env.PATH: '/bin' is now '/usr'");
  EXPECT_EQ(after(R"(, "A B": "")", ""), "steps[0].env.A B: '' is gone");
  EXPECT_EQ(after(R"("A B": "")", R"("A B": "", "C": "d")"), "steps[0].env.C: 'd' is new");
  EXPECT_EQ(after(R"("PATH": "/bin", "A B": "")", R"("A B": "", "PATH": "/bin")"), "");
  EXPECT_EQ(after(R"("start")", R"("ready")"), "steps[0].needs.b: 'start' is now 'ready'");
  EXPECT_EQ(after(R"("gpu": 2)", R"("gpu": 3)"), "steps[0].uses.gpu: 2 is now 3");
  EXPECT_EQ(after("[0, 4]", "[0]"), "steps[0].codes[1]: 4 is gone");
  EXPECT_EQ(after("0.5", "0.25"), "steps[0].ready.interval: 0.5 is now 0.25");
  EXPECT_EQ(after(R"("timeout": 90, )", ""), "steps[0].timeout: is gone");
  EXPECT_EQ(after(R"({"tcp")", R"({"cmd": "x", "tcp")"), "probes[0].cmd: '' is now 'x'");
  EXPECT_EQ(after(R"(, "owner": "ann")", ""), "owner: is gone");
  EXPECT_EQ(after(R"("ready": {"cmd": "ask", "interval": 0.5, "factor": 2}, )", ""),
            "steps[0].ready: is gone");
}

TEST(FieldTable, IsDescribed) {
  const auto definitions = object_definitions(fields::kObjectOf<Plan>);
  std::string names;
  for (const auto& [name, object] : definitions.items()) names += name + " ";
  EXPECT_EQ(names, "plan step probe ");
  const auto& step = definitions.at("step").at("properties");
  EXPECT_EQ(
      step.at("env").dump(),
      R"({"description":"Variables.","type":"object","additionalProperties":{"type":"string"}})");
  EXPECT_EQ(step.at("needs").at("anyOf").at(1).dump(),
            R"({"type":"array","items":{"type":"string","minLength":1}})");
  EXPECT_EQ(step.at("ready").dump(),
            R"({"description":"When it is ready.","anyOf":[{"$ref":"#/$defs/probe"},)"
            R"({"type":"string"}]})");
  EXPECT_FALSE(step.at("timeout").contains("default"));
  EXPECT_EQ(definitions.at("probe").at("properties").at("interval").at("default"), 1);
  EXPECT_EQ(definitions.at("plan").at("properties").at("steps").at("minItems"), 1);
}

TEST(FieldTable, HasReferencesBoundInEveryText) {
  const auto plan = bind_plan(R"({"name": "p", "steps": [
      {"name": "a{{n}}", "env": {"{{which}}": "{{twice}}", "N": "{{&n}}"}, "argv": ["{{n}}", "y"],
       "needs": {"{{steps[1].name}}": "{{what}}"}, "uses": {"gpu": "{{n}}"}, "codes": [0, "{{n}}"],
       "ready": {"cmd": "{{name}} {{interval}} {{factor}}", "interval": "{{n}}"},
       "timeout": "{{n}}.5"},
      {"name": "b", "needs": ["a{{n}}"], "ready": "{{name}}"}]})");
  ASSERT_EQ(plan->wrong,
            "steps[0].needs.{{steps[1].name}}: {{what}} is not bound: give -E "
            "what=VALUE");
  const Step& step = plan->plan.steps[0];
  EXPECT_EQ(step.name, "a3");
  EXPECT_EQ(step.env.entries, (decltype(step.env.entries){{"b", "a3a3"}, {"N", "{{n}}"}}));
  EXPECT_EQ(step.argv, (std::vector<std::string>{"3", "y"}));
  EXPECT_EQ(step.needs.entries[0].first, "b");
  EXPECT_EQ(step.uses.entries[0].second, 3U);
  EXPECT_EQ(step.codes, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(step.ready->interval, 3 * kSecond);
  EXPECT_EQ(step.ready->cmd, "a3 3 2");
  EXPECT_EQ(step.timeout, 3'500'000);
  EXPECT_EQ(plan->plan.steps[1].needs.entries[0].first, "a3");
  EXPECT_EQ(plan->plan.steps[1].ready->cmd, "b");
}

TEST(FieldTable, IsWhatReferencesLeadInto) {
  EXPECT_EQ(bound("{{env.PATH}}:{{env.HOME}} {{argv[1]}} {{needs.b}} {{codes[1]}}"),
            "/bin:/a b start 4");
  EXPECT_EQ(bound("{{ready.cmd}} {{ready.interval}} {{ready.factor}} {{owner}}"), "ask 0.5 2 ann");
  EXPECT_EQ(bound("{{steps[1].env.OF}} {{steps[1].name}}"), "b b");
}

TEST(FieldTable, SaysWhereReferencesLeadToNothing) {
  const auto expect = [](const std::string& name, const std::string& what) {
    EXPECT_EQ(bound("{{" + name + "}}"), "steps[0].cwd: {{" + name + "}} " + what);
  };
  expect("env", "is not a string: name env.NAME");
  expect("env.X", "does not exist: there is no such name");
  expect("argv", "is not a string: name argv[0]");
  expect("argv[2]", "does not exist: it has 2 entries");
  expect("ready", "is not a string: name ready.cmd, .tcp, .interval or .factor");
  expect("ready.cmd.x", "is not a string: name ready.cmd, .tcp, .interval or .factor");
  expect("steps[1].ready.cmd", "does not exist: no probe is given");
  expect("steps[1].timeout", "does not exist: nobody gave one");
  expect("steps[1].env.X", "does not exist: there is no such name");
  expect("steps[2].name", "is out of range: the plan has 2 steps, from [0] on");
  expect("steps", "is not a string: name a field, as in steps[0].name");
  expect("probes[0]", "is not a string: name a field, as in probes[0].cmd");
  expect("probes[7].cmd", "does not exist: the plan has no such probe");
  // What a step was not given may be bound from outside.
  expect("timeout", "is not bound: give -E timeout=VALUE");
}

}  // namespace
}  // namespace thermos::config
