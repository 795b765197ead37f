#include "core/config/references.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/config/document.h"
#include "core/config/field_path.h"
#include "core/config/number.h"
#include "core/config/schema_table.h"
#include "core/config/template.h"

namespace thermos::config {
namespace {

// No text of a task is longer: the kernel's limit for one argument. It also ends a "billion
// laughs".
constexpr std::size_t kMaxExpanded = 131'071;
constexpr std::size_t kMaxExpandedTotal = std::size_t{1} << 30;
// References are followed by recursion, so their depth must be bounded.
constexpr std::size_t kMaxReferences = 100;
constexpr std::string_view kOwnPrefix = "thermos.";
constexpr std::string_view kSelfPrefix = "self.";
constexpr std::string_view kSuperPrefix = "super.";

using Scope = std::optional<std::size_t>;  // a process's index; nullopt: the task
using Steps = std::vector<PathStep>;

// One text of the task.
struct Field {
  enum class Kind : std::uint8_t { TaskName, User, ProcessName, Cmdline, Order, Deferred };
  Kind kind = Kind::TaskName;
  std::size_t item = 0;   // of processes, constraints or what is deferred
  std::size_t entry = 0;  // of order
};

// What stands around a field, from the inside: its resources or its logger, its process, the task.
enum class Around : std::uint8_t { Object, Process, Task, Environment };

enum class Found : std::uint8_t { Yes, No, Wrong };  // Wrong: problems_ says what

class Binder {
 public:
  Binder(Draft& draft, const Bindings& bindings, std::size_t most)
      : draft_(draft), task_(draft.task), bindings_(bindings), most_(most) {
    deferred_marks_.resize(draft.deferred.size());
    for (std::size_t i = 0; i < draft.deferred.size(); ++i) deferred_[draft.deferred[i].path] = i;
    for (const Deferred& one : draft.deferred) {
      if (!one.process) raw_.emplace(one.path, one.text);
    }
    if (find_reference(task_.user, 0)) raw_.emplace("user", task_.user);
    process_marks_.resize(task_.processes.size() * 2);
    order_marks_.resize(task_.constraints.size());
    for (std::size_t i = 0; i < order_marks_.size(); ++i) {
      order_marks_[i].resize(task_.constraints[i].order.size());
    }
  }

  void bind_all() {
    bind_task_name();
    for (std::size_t i = 0; i < task_.processes.size() && !full(); ++i) {
      bind({Field::Kind::ProcessName, i});
      bind({Field::Kind::Cmdline, i});
    }
    for (std::size_t i = 0; i < task_.constraints.size() && !full(); ++i) {
      for (std::size_t j = 0; j < task_.constraints[i].order.size(); ++j) {
        bind({Field::Kind::Order, i, j});
      }
    }
    bind({Field::Kind::User});
    for (std::size_t i = 0; i < draft_.deferred.size() && !full(); ++i) {
      bind({Field::Kind::Deferred, i});
    }
  }

  bool bind_task_name() {
    if (!draft_.named && task_.processes.empty()) return true;
    return bind(name_field());
  }
  const std::string& task_name() { return text_of(name_field()); }
  Problems& problems() { return problems_; }

 private:
  // ContextDependent: bound, but from another process it would have become something else.
  enum class Mark : std::uint8_t { Raw, Busy, Bound, ContextDependent, Failed };

  // What is known while one field is bound. What bindings and the task's texts say is looked up
  // from the field's scope, so their values hold for this field alone.
  struct BindContext {
    Field field;
    Scope scope;
    std::map<const std::string*, std::string> values;  // by the text that became this
    std::vector<std::pair<const std::string*, std::string_view>> busy;  // the text and its name
    bool spent = false;  // it has grown too long to go on
    bool context_dependent =
        false;  // something was looked up that would be something else elsewhere
    // Only the field's own object and process are looked in, and what they lack stays as it is.
    bool partial = false;
  };

  Field name_field() const {
    return {draft_.named ? Field::Kind::TaskName : Field::Kind::ProcessName};
  }

  std::string& text_of(const Field& field) {
    switch (field.kind) {
      case Field::Kind::TaskName:
        return task_.name;
      case Field::Kind::User:
        return task_.user;
      case Field::Kind::ProcessName:
        return task_.processes[field.item].name;
      case Field::Kind::Cmdline:
        return task_.processes[field.item].cmdline;
      case Field::Kind::Deferred:
        return draft_.deferred[field.item].text;
      case Field::Kind::Order:
        break;
    }
    return task_.constraints[field.item].order[field.entry];
  }

  Mark& mark_of(const Field& field) {
    switch (field.kind) {
      case Field::Kind::TaskName:
        return name_mark_;
      case Field::Kind::User:
        return user_mark_;
      case Field::Kind::ProcessName:
        return process_marks_[field.item * 2];
      case Field::Kind::Cmdline:
        return process_marks_[field.item * 2 + 1];
      case Field::Kind::Deferred:
        return deferred_marks_[field.item];
      case Field::Kind::Order:
        break;
    }
    return order_marks_[field.item][field.entry];
  }

  std::string path_of(const Field& field) const {
    const std::string item = "[" + std::to_string(field.item) + "]";
    switch (field.kind) {
      case Field::Kind::TaskName:
        return "name";
      case Field::Kind::User:
        return "user";
      case Field::Kind::ProcessName:
        return "processes" + item + ".name";
      case Field::Kind::Cmdline:
        return "processes" + item + ".cmdline";
      case Field::Kind::Deferred:
        return draft_.deferred[field.item].path;
      case Field::Kind::Order:
        break;
    }
    return "constraints" + item + ".order[" + std::to_string(field.entry) + "]";
  }

  bool full() const { return problems_.size() >= most_; }

  // Replaces the field's text by its expansion, once. What is wrong with it is said once, too: in
  // others that lead to it there is nothing to mend.
  bool bind(const Field& field) {
    Mark& mark = mark_of(field);
    std::string& text = text_of(field);
    if (mark == Mark::Bound || mark == Mark::ContextDependent) return true;
    if (mark == Mark::Failed || full()) return false;
    if (mark == Mark::Raw && !find_reference(text, 0)) {
      mark = Mark::Bound;
      return true;
    }
    BindContext context{field, scope_of(field), {}, {}};
    if (mark == Mark::Busy) return endless(context, path_of(field));
    mark = Mark::Busy;
    const std::size_t depth = trail_.size();
    std::string expanded;
    const bool good = enter(context, path_of(field)) && expand(context, text, expanded) &&
                      settle(context, expanded);
    trail_.resize(depth);
    mark = !good ? Mark::Failed : context.context_dependent ? Mark::ContextDependent : Mark::Bound;
    if (good && context.context_dependent) raw_.emplace(path_of(field), text);
    if (good) text = std::move(expanded);
    return good;
  }

  Scope scope_of(const Field& field) const {
    if (field.kind == Field::Kind::ProcessName || field.kind == Field::Kind::Cmdline) {
      return field.item;
    }
    return field.kind == Field::Kind::Deferred ? draft_.deferred[field.item].process : Scope();
  }

  bool settle(const BindContext& context, const std::string& expanded) {
    if (context.field.kind != Field::Kind::Deferred) return true;
    const auto complaint = draft_.deferred[context.field.item].settle(expanded);
    return !complaint || fail(context, "becomes " + quoted(expanded) + ": " + *complaint);
  }

  // What is wrong with one reference of a field's own text does not hide what is wrong with the
  // next. Inside values it does: those could lead to each other without end.
  bool expand(BindContext& context, std::string_view text, std::string& out) {
    std::size_t at = 0;
    bool good = true;
    while (const auto reference = find_reference(text, at)) {
      if (!append(context, out, text.substr(at, reference->begin - at))) return false;
      at = reference->end;
      if (reference->escapes == 0) {
        std::string_view name = reference->name;
        std::string made;
        if (reference->nested) {
          if (!expand(context, name, made)) return false;
          name = made;
        }
        if (context.partial && find_reference(name, 0)) {
          if (!append(context, out, braced(name))) return false;
          continue;
        }
        const bool own_text = context.busy.empty();
        const std::size_t depth = trail_.size();
        if (!resolve(context, name, out)) {
          if (!own_text || context.spent || full()) return false;
          context.busy.clear();
          trail_.resize(depth);
          good = false;
        }
      } else {
        const std::size_t kept = context.partial ? reference->escapes : reference->escapes - 1;
        const std::string shown = std::string(kept, '&') + std::string(reference->name);
        if (!append(context, out, braced(shown))) return false;
      }
    }
    return append(context, out, text.substr(at)) && good;
  }

  static std::string braced(std::string_view name) { return "{{" + std::string(name) + "}}"; }

  bool append(BindContext& context, std::string& out, std::string_view piece) {
    if (out.size() + piece.size() > kMaxExpanded) {
      context.spent = true;
      return fail(context, "expands to more than " + std::to_string(kMaxExpanded) + " bytes");
    }
    total_ += piece.size();
    if (total_ > kMaxExpandedTotal) {
      context.spent = true;
      return fail(context, "the task's references expand to more than " +
                               std::to_string(kMaxExpandedTotal) + " bytes in all");
    }
    out += piece;
    return true;
  }

  bool resolve(BindContext& context, std::string_view name, std::string& out) {
    if (name.starts_with(kOwnPrefix) && !context.partial) return resolve_own(context, name, out);
    Around from = innermost(context);
    const Around to = context.partial ? Around::Process : Around::Environment;
    Found found = look_up(context, name, from, to, out);
    if (found == Found::No && name.starts_with(kSelfPrefix)) {
      found = look_up(context, name.substr(kSelfPrefix.size()), from, from, out);
    }
    if (context.partial && found == Found::No) return append(context, out, braced(name));
    std::string_view rest = name;
    while (found == Found::No && rest.starts_with(kSuperPrefix)) {
      rest.remove_prefix(kSuperPrefix.size());
      from = outside(context, from);
      for (const Around level : {Around::Environment, Around::Task, Around::Process}) {
        if (found == Found::No && level >= from) found = look_up(context, rest, level, level, out);
      }
    }
    if (found != Found::No) return found == Found::Yes;
    if (name.find_first_of("[]") != std::string_view::npos) {
      return fail(context, name, "leads to nothing in this task");
    }
    return fail(context, name, "is not bound: give -E " + std::string(name) + "=VALUE");
  }

  bool resolve_own(BindContext& context, std::string_view name, std::string& out) {
    const std::string_view rest = name.substr(kOwnPrefix.size());
    if (rest == "task_id") {
      if (!bindings_.task_id.empty()) return append(context, out, bindings_.task_id);
      return fail(context, name, "is not bound: the task has no id here");
    }
    if (rest == "user") {
      if (!bindings_.user.empty()) return append(context, out, bindings_.user);
      return fail(context, name, "is not bound: give --user USER");
    }
    if (rest.starts_with("ports[") && rest.ends_with("]")) {
      const std::string port(rest.substr(6, rest.size() - 7));
      const auto bound = bindings_.ports.find(port);
      if (bound != bindings_.ports.end())
        return append(context, out, std::to_string(bound->second));
      return fail(context, name,
                  "is not bound: give -P " + (port.empty() ? "NAME" : port) + ":PORT");
    }
    return fail(context, name,
                "is unknown: there are thermos.task_id, thermos.user and thermos.ports[NAME]");
  }

  // Is the field a number in `object` ("resources."), inside its process or the task?
  bool stands_in(const BindContext& context, std::string_view object) const {
    if (context.field.kind != Field::Kind::Deferred) return false;
    const std::string& path = draft_.deferred[context.field.item].path;
    const std::size_t at = path.rfind(object);
    return at != std::string::npos && (at == 0 || path[at - 1] == '.');
  }

  Around innermost(const BindContext& context) const {
    if (stands_in(context, "resources.") || stands_in(context, "logger.")) return Around::Object;
    return context.scope ? Around::Process : Around::Task;
  }

  static Around outside(const BindContext& context, Around level) {
    if (level == Around::Object && context.scope) return Around::Process;
    return level < Around::Task ? Around::Task : Around::Environment;
  }

  // Looks in what stands around the field, from `from` outwards to `to`.
  Found look_up(BindContext& context, std::string_view name, Around from, Around to,
                std::string& out) {
    Found found = Found::No;
    const auto wanted = [&](Around level) {
      return found == Found::No && from <= level && level <= to;
    };
    if (const auto steps = parse_field_path(name)) {
      if (wanted(Around::Object)) found = sibling(context, name, *steps, out);
      if (wanted(Around::Process) && context.scope) {
        found = process_field(context, name, *context.scope, *steps, 0, out);
      }
      if (wanted(Around::Task)) found = task_field(context, name, *steps, out);
    }
    if (!wanted(Around::Environment)) return found;
    const auto bound = bindings_.environment.find(std::string(name));
    if (bound == bindings_.environment.end()) return Found::No;
    if (find_reference(bound->second, 0)) context.context_dependent = true;
    return expand_here(context, bound->first, bound->second, &bound->second, out);
  }

  // A text that stands elsewhere, its references looked up from the field that is being bound.
  // `origin` is the text that it was made of, if not itself.
  Found expand_here(BindContext& context, const std::string& name, const std::string& text,
                    const std::string* origin, std::string& out) {
    const auto known = context.values.find(origin);
    if (known != context.values.end()) return put(context, out, known->second);
    const std::pair<const std::string*, std::string_view> key(origin, name);
    if (std::find(context.busy.begin(), context.busy.end(), key) != context.busy.end()) {
      endless(context, name);
      return Found::Wrong;
    }
    std::string value;
    if (!enter(context, name)) return Found::Wrong;
    context.busy.push_back(key);
    if (!expand(context, text, value)) return Found::Wrong;
    context.busy.pop_back();
    trail_.pop_back();
    return put(context, out, context.values.emplace(origin, std::move(value)).first->second);
  }

  // One of the task's texts, by its plain name. From inside a process its references find the
  // process's fields first; what is bound already found the task's.
  Found task_text(BindContext& context, const Field& target, std::string& out) {
    const auto raw = context.scope ? raw_.find(path_of(target)) : raw_.end();
    if (raw == raw_.end()) return field(context, target, out);
    context.context_dependent = true;
    return expand_here(context, raw->first, raw->second, &raw->second, out);
  }

  // A field of the objects inside the process or the task that a number stands in: its resources,
  // its logger.
  Found sibling(BindContext& context, std::string_view name, const Steps& steps, std::string& out) {
    const std::string_view key = steps[0].key;
    if (stands_in(context, "resources.") && (key == "cpu" || key == "ram" || key == "disk")) {
      const bool of_process = context.scope.has_value();
      const Field beside = of_process ? Field{Field::Kind::ProcessName, *context.scope} : Field{};
      return resources_field(
          context, name, path_of(beside),
          of_process ? task_.processes[*context.scope].resources : task_.resources, steps, 0, out);
    }
    if (!stands_in(context, "logger.") || !context.scope) return Found::No;
    if (stands_in(context, "rotate.") && (key == "log_size" || key == "backups")) {
      return logger_field(context, name, *context.scope, {{"rotate", {}}, steps[0]}, 0, out);
    }
    if (key != "destination" && key != "mode" && key != "rotate") return Found::No;
    return logger_field(context, name, *context.scope, steps, 0, out);
  }

  // `steps` from `from` on, as a field of a process's logger; what nobody said has its default.
  Found logger_field(BindContext& context, std::string_view name, std::size_t index,
                     const Steps& steps, std::size_t from, std::string& out) {
    std::string key = "logger";
    for (std::size_t i = from; i < steps.size(); ++i) {
      if (!steps[i].indices.empty())
        return wrong(context, name, "is not there: a logger has no list");
      key.append(".").append(steps[i].key);
    }
    if (const auto word = deferred(path_of({Field::Kind::ProcessName, index}), key)) {
      return field(context, *word, out);
    }
    const Logger logger = task_.processes[index].logger.value_or(Logger());
    if (key == "logger.destination") return add(context, out, word_of(logger.destination));
    if (key == "logger.mode") return add(context, out, word_of(logger.mode));
    if (key == "logger.rotate.log_size") {
      return add(context, out, std::to_string(logger.rotate.log_size));
    }
    if (key == "logger.rotate.backups") {
      return add(context, out, std::to_string(logger.rotate.backups));
    }
    return wrong(context, name,
                 "is no text: name logger.destination, .mode, .rotate.log_size or .rotate.backups");
  }

  // `steps` from `from` on, as a field of process `index`. At from > 0 the process was asked for by
  // its index, so it must be right.
  Found process_field(BindContext& context, std::string_view name, std::size_t index,
                      const Steps& steps, std::size_t from, std::string& out) {
    const ProcessConfig& process = task_.processes[index];
    const PathStep& step = steps[from];
    const bool leaf = from + 1 == steps.size() && step.indices.empty();
    if (step.key == "resources" && step.indices.empty()) {
      if (from == 0 && !process.resources) return Found::No;
      return resources_field(context, name, path_of({Field::Kind::ProcessName, index}),
                             process.resources, steps, from + 1, out);
    }
    if (step.key == "logger" && step.indices.empty()) {
      return logger_field(context, name, index, steps, from + 1, out);
    }
    if (leaf) {
      if (step.key == "name") return field(context, {Field::Kind::ProcessName, index}, out);
      if (step.key == "cmdline") return field(context, {Field::Kind::Cmdline, index}, out);
      if (const auto number = deferred(path_of({Field::Kind::ProcessName, index}), step.key)) {
        return field(context, *number, out);
      }
      if (step.key == "max_failures")
        return add(context, out, std::to_string(process.max_failures));
      if (step.key == "min_duration") return add(context, out, seconds_text(process.min_duration));
      if (step.key == "daemon") return add(context, out, process.daemon ? "true" : "false");
      if (step.key == "ephemeral") return add(context, out, process.ephemeral ? "true" : "false");
      if (step.key == "final") return add(context, out, process.final ? "true" : "false");
    }
    if (from == 0) return Found::No;
    NearestWord nearest(step.key);
    for (const std::string_view key : {"name", "cmdline", "max_failures", "daemon", "ephemeral",
                                       "min_duration", "final", "resources", "logger"}) {
      nearest.offer(key);
    }
    return wrong(context, name, "is not there: a process has no such field" + nearest.hint());
  }

  Found task_field(BindContext& context, std::string_view name, const Steps& steps,
                   std::string& out) {
    const PathStep& step = steps[0];
    if (step.key == "processes") {
      if (step.indices.size() != 1 || steps.size() < 2) {
        return wrong(context, name, "is no text: name a field, as in processes[0].name");
      }
      if (step.indices[0] >= task_.processes.size()) {
        return wrong(context, name,
                     "is out of range: the task has " + std::to_string(task_.processes.size()) +
                         " processes, from [0] on");
      }
      return process_field(context, name, step.indices[0], steps, 1, out);
    }
    if (step.key == "constraints") return constraint_field(context, name, steps, out);
    if (step.key == "resources" && step.indices.empty()) {
      return resources_field(context, name, "name", task_.resources, steps, 1, out);
    }
    if (steps.size() > 1 || !step.indices.empty()) return Found::No;
    if (step.key == "name") {
      if (draft_.named || !task_.processes.empty()) return field(context, name_field(), out);
      return wrong(context, name, "is not there: the task has neither a name nor a process");
    }
    if (step.key == "user") {
      if (!task_.user.empty()) return task_text(context, {Field::Kind::User}, out);
      return wrong(context, name,
                   "is not there: the task names no user; there is {{thermos.user}}");
    }
    if (const auto number = deferred("name", step.key)) return task_text(context, *number, out);
    if (step.key == "max_failures") return add(context, out, std::to_string(task_.max_failures));
    if (step.key == "max_concurrency") {
      return add(context, out, std::to_string(task_.max_concurrency));
    }
    if (step.key == "finalization_wait") {
      return add(context, out, seconds_text(task_.finalization_wait));
    }
    return Found::No;
  }

  Found constraint_field(BindContext& context, std::string_view name, const Steps& steps,
                         std::string& out) {
    if (steps.size() != 2 || steps[0].indices.size() != 1 || steps[1].key != "order" ||
        steps[1].indices.size() != 1) {
      return wrong(context, name, "is no text: name an entry, as in constraints[0].order[0]");
    }
    const std::size_t item = steps[0].indices[0];
    const std::size_t entry = steps[1].indices[0];
    if (item >= task_.constraints.size() || entry >= task_.constraints[item].order.size()) {
      return wrong(context, name, "is not there: the task has no such constraint");
    }
    return field(context, {Field::Kind::Order, item, entry}, out);
  }

  // `beside`: a path beside which the resources stand.
  Found resources_field(BindContext& context, std::string_view name, const std::string& beside,
                        const std::optional<Resources>& resources, const Steps& steps,
                        std::size_t from, std::string& out) {
    const bool leaf = from + 1 == steps.size() && steps[from].indices.empty();
    const std::string_view key = leaf ? steps[from].key : "";
    if (key != "cpu" && key != "ram" && key != "disk") {
      return wrong(context, name, "is no number: name resources.cpu, .ram or .disk");
    }
    if (!resources) return wrong(context, name, "is not there: no resources are given");
    if (const auto number = deferred(beside, "resources." + std::string(key))) {
      return field(context, *number, out);
    }
    if (key == "cpu") return add(context, out, number_text(resources->cpu));
    return add(context, out, std::to_string(key == "ram" ? resources->ram : resources->disk));
  }

  // The deferred number `key`, in the object where `beside` (a path that ends in "name") stands.
  std::optional<Field> deferred(const std::string& beside, std::string_view key) const {
    if (deferred_.empty()) return std::nullopt;
    const std::string above = beside.substr(0, beside.size() - std::string_view("name").size());
    const auto found = deferred_.find(above + std::string(key));
    if (found == deferred_.end()) return std::nullopt;
    return Field{Field::Kind::Deferred, found->second, 0};
  }

  // A field that was reached by a path: what its own process says of its references goes first, and
  // the rest is looked up from here.
  Found field(BindContext& context, const Field& target, std::string& out) {
    if (!bind(target)) return Found::Wrong;
    if (mark_of(target) != Mark::ContextDependent) return add(context, out, text_of(target));
    context.context_dependent = true;
    const Scope scope = scope_of(target);
    if (scope == context.scope && !context.partial) return add(context, out, text_of(target));
    const auto raw = raw_.find(path_of(target));
    if (context.partial) return expand_here(context, raw->first, raw->second, &raw->second, out);
    BindContext inside{target, scope, {}, {}};
    inside.partial = true;
    std::string rest;
    if (!expand(inside, raw->second, rest)) return Found::Wrong;
    return expand_here(context, raw->first, rest, &raw->second, out);
  }

  // Adds what is a value already: braces in it are no references.
  Found add(BindContext& context, std::string& out, std::string_view piece) {
    return context.partial ? put(context, out, escape_references(piece)) : put(context, out, piece);
  }

  Found put(BindContext& context, std::string& out, std::string_view piece) {
    return append(context, out, piece) ? Found::Yes : Found::Wrong;
  }

  bool enter(const BindContext& context, std::string label) {
    if (trail_.size() >= kMaxReferences) {
      return fail(context, "references lead to references more than " +
                               std::to_string(kMaxReferences) + " deep");
    }
    trail_.push_back(std::move(label));
    return true;
  }

  bool endless(const BindContext& context, const std::string& label) {
    std::string text = "endless reference: ";
    auto from = std::find(trail_.begin(), trail_.end(), label);
    for (; from != trail_.end(); ++from) text += *from + " -> ";
    return fail(context, text + label);
  }

  // Not there, and so an error, unless -E has the name.
  Found wrong(const BindContext& context, std::string_view name, const std::string& what) {
    if (context.partial || bindings_.environment.contains(std::string(name))) return Found::No;
    fail(context, name, what);
    return Found::Wrong;
  }

  bool fail(const BindContext& context, std::string_view name, const std::string& what) {
    const std::string in_value =
        context.busy.empty() ? ""
                             : ", in the value of " + std::string(context.busy.back().second) + ",";
    const std::string shown = quoted("{{" + std::string(name) + "}}", 300);
    return fail(context, shown.substr(1, shown.size() - 2) + in_value + " " + what);
  }

  bool fail(const BindContext& context, std::string what) {
    std::string path = path_of(context.field);
    // One that stands there twice is to be mended once.
    for (auto it = problems_.rbegin(); it != problems_.rend() && it->path == path; ++it) {
      if (it->what == what) return false;
    }
    problems_.push_back({path, std::move(what), {}, path});
    return false;
  }

  Draft& draft_;
  TaskConfig& task_;
  const Bindings& bindings_;
  std::size_t most_;
  Mark name_mark_ = Mark::Raw;
  Mark user_mark_ = Mark::Raw;
  std::vector<Mark> process_marks_;  // name and cmdline of each
  std::vector<std::vector<Mark>> order_marks_;
  std::vector<Mark> deferred_marks_;
  std::unordered_map<std::string, std::size_t> deferred_;  // by path
  std::map<std::string, std::string> raw_;                 // the task's texts as written, by path
  std::vector<std::string> trail_;                         // what led here, for the message
  std::size_t total_ = 0;
  Problems problems_;
};

}  // namespace

Problems bind_references(Draft& draft, const Bindings& bindings, std::size_t most) {
  Binder binder(draft, bindings, most);
  binder.bind_all();
  if (!draft.named && !draft.task.processes.empty()) {
    draft.task.name = draft.task.processes.front().name;
  }
  return std::move(binder.problems());
}

std::optional<Problem> bind_name(Draft& draft, const Bindings& bindings, std::string& name) {
  Binder binder(draft, bindings, 1);
  if (!binder.bind_task_name()) return std::move(binder.problems().front());
  name = binder.task_name();
  return std::nullopt;
}

}  // namespace thermos::config
