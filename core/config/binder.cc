#include "core/config/binder.h"

#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/config/scalar_text.h"

namespace thermos::config {
namespace {

// The limit for each text of a task is the kernel's limit for one argument. The limits also stop a
// "billion laughs" attack, in which references double a text again and again.
constexpr std::size_t kMaxExpanded = 131'071;
constexpr std::size_t kMaxExpandedTotal = std::size_t{1} << 30;
constexpr std::string_view kOwnPrefix = "thermos.";
constexpr std::string_view kSelfPrefix = "self.";
constexpr std::string_view kSuperPrefix = "super.";
constexpr std::string_view kTaskNameKey = "name";

std::string braced(std::string_view name) {
  return "{{" + std::string(name) + "}}";
}

bool is_plain(const Steps& steps) {
  return steps.size() == 1 && steps[0].indices.empty();
}

}  // namespace

Binder::Binder(fields::Slot root, std::vector<Deferred>& deferred, const std::string* name,
               const Bindings& bindings, std::size_t most)
    : root_(root), name_(name), bindings_(bindings), texts_(root, deferred), report_(most) {}

void Binder::bind_all() {
  for (ReferenceText& text : texts_.all()) {
    if (report_.full()) return;
    bind(text);
  }
}

bool Binder::bind_at(const std::string* text) {
  ReferenceText* target = texts_.at(text);
  return target == nullptr || bind(*target);
}

// Replaces the text by its expansion, once. Its errors are reported once, too: there is nothing to
// mend in the other texts that refer to it.
bool Binder::bind(ReferenceText& target) {
  if (target.mark == Mark::Bound || target.mark == Mark::ContextDependent) return true;
  if (target.mark == Mark::Failed || report_.full()) return false;
  if (target.mark == Mark::Busy) return report_.fail_endless(target.path, target.path);
  target.mark = Mark::Busy;
  BindContext context{target, {}, {}};
  const std::size_t depth = report_.depth();
  std::string expanded;
  const bool good = report_.enter(target.path, target.path) &&
                    expand(context, *target.text, expanded) && settle_number(context, expanded);
  report_.leave_to(depth);
  if (!good) {
    target.mark = Mark::Failed;
    return false;
  }
  target.mark = context.context_dependent ? Mark::ContextDependent : Mark::Bound;
  if (context.context_dependent && target.process) target.raw = std::move(*target.text);
  *target.text = std::move(expanded);
  return true;
}

bool Binder::settle_number(BindContext& context, const std::string& expanded) {
  if (context.target.deferred == nullptr) return true;
  const auto complaint = settle(*context.target.deferred, expanded);
  if (!complaint) return true;
  return report_.fail(context.target.path,
                      "becomes " + thermos::quoted(expanded) + ": " + *complaint);
}

bool Binder::expand(BindContext& context, std::string_view text, std::string& out) {
  std::size_t at = 0;
  bool good = true;
  while (const auto reference = find_reference(text, at)) {
    if (!append(context, out, text.substr(at, reference->begin - at))) return false;
    at = reference->end;
    if (reference->escapes == 0) {
      if (!expand_reference(context, *reference, out, good)) return false;
    } else {
      const std::size_t kept = context.partial ? reference->escapes : reference->escapes - 1;
      const std::string shown = std::string(kept, '&') + std::string(reference->name);
      if (!append(context, out, braced(shown))) return false;
    }
  }
  return append(context, out, text.substr(at)) && good;
}

// An error in a reference of the task's own text clears `good` and the expansion goes on, so that
// the errors of the next references are found too. An error inside a value ends the expansion,
// because values could lead to each other without end.
bool Binder::expand_reference(BindContext& context, const Reference& reference, std::string& out,
                              bool& good) {
  std::string_view name = reference.name;
  std::string made;
  if (reference.nested) {
    if (!expand(context, name, made)) return false;
    name = made;
  }
  if (context.partial && find_reference(name, 0)) return append(context, out, braced(name));
  const bool own_text = context.busy.empty();
  const std::size_t depth = report_.depth();
  if (resolve(context, name, out)) return true;
  if (!own_text || context.spent || report_.full()) return false;
  context.busy.clear();
  report_.leave_to(depth);
  good = false;
  return true;
}

bool Binder::append(BindContext& context, std::string& out, std::string_view piece) {
  if (out.size() + piece.size() > kMaxExpanded) {
    context.spent = true;
    return report_.fail(context.target.path,
                        "expands to more than " + std::to_string(kMaxExpanded) + " bytes");
  }
  total_ += piece.size();
  if (total_ > kMaxExpandedTotal) {
    context.spent = true;
    return report_.fail(context.target.path, "the task's references expand to more than " +
                                                 std::to_string(kMaxExpandedTotal) +
                                                 " bytes in all");
  }
  out += piece;
  return true;
}

bool Binder::resolve(BindContext& context, std::string_view name, std::string& out) {
  if (name.starts_with(kOwnPrefix) && !context.partial) return resolve_own(context, name, out);
  const Around from = innermost(context);
  const Around to = context.partial ? Around::Process : Around::Environment;
  Found found = look_up(context, name, from, to, out);
  if (found == Found::No && name.starts_with(kSelfPrefix)) {
    found = look_up(context, name.substr(kSelfPrefix.size()), from, from, out);
  }
  if (context.partial && found == Found::No) return append(context, out, braced(name));
  if (found == Found::No) found = resolve_super(context, name, out);
  if (found != Found::No) return found == Found::Yes;
  if (name.find_first_of("[]") != std::string_view::npos) {
    return fail(context, name, "names no field of this task");
  }
  return fail(context, name, "is not bound: give -E " + std::string(name) + "=VALUE");
}

// Each "super." leaves out the innermost level; the remaining levels are searched from the
// outermost inwards.
Binder::Found Binder::resolve_super(BindContext& context, std::string_view name, std::string& out) {
  Found found = Found::No;
  Around from = innermost(context);
  while (found == Found::No && name.starts_with(kSuperPrefix)) {
    name.remove_prefix(kSuperPrefix.size());
    from = outside(context, from);
    for (const Around level : {Around::Environment, Around::Task, Around::Process}) {
      if (found == Found::No && level >= from) found = look_up(context, name, level, level, out);
    }
  }
  return found;
}

bool Binder::resolve_own(BindContext& context, std::string_view name, std::string& out) {
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
    if (bound != bindings_.ports.end()) return append(context, out, std::to_string(bound->second));
    return fail(context, name, "is not bound: give -P " + (port.empty() ? "NAME" : port) + ":PORT");
  }
  return fail(context, name,
              "is unknown: there are thermos.task_id, thermos.user and thermos.ports[NAME]");
}

Binder::Around Binder::innermost(const BindContext& context) {
  if (!context.target.inside.empty()) return Around::Object;
  return context.target.process ? Around::Process : Around::Task;
}

Binder::Around Binder::outside(const BindContext& context, Around level) {
  if (level == Around::Object && context.target.process) return Around::Process;
  return level < Around::Task ? Around::Task : Around::Environment;
}

Binder::Found Binder::look_up(BindContext& context, std::string_view name, Around from, Around to,
                              std::string& out) {
  Found found = Found::No;
  const auto wanted = [&](Around level) {
    return found == Found::No && from <= level && level <= to;
  };
  if (const auto steps = parse_field_path(name)) {
    if (wanted(Around::Object)) {
      found = take(context, name, find_beside(context.target.inside, *steps), out);
    }
    if (wanted(Around::Process) && context.target.process) {
      found = take(context, name, find_in_scope(context.target.process, *steps), out);
    }
    if (wanted(Around::Task)) found = look_in_task(context, name, *steps, out);
  }
  return wanted(Around::Environment) ? look_in_environment(context, name, out) : found;
}

Binder::Found Binder::look_in_task(BindContext& context, std::string_view name, const Steps& steps,
                                   std::string& out) {
  if (is_plain(steps) && steps[0].key == kTaskNameKey) {
    if (name_ != nullptr) {
      return take_value(context, {&root_.type->object().find(kTaskNameKey)->type, name_}, out);
    }
    return wrong(context, name, "does not exist: the task has neither a name nor a process");
  }
  const FieldLookup lookup = find_in_task(root_, steps);
  if (lookup.found == Found::Yes && is_plain(steps)) {
    return take_task_value(context, lookup.value, out);
  }
  return take(context, name, lookup, out);
}

Binder::Found Binder::look_in_environment(BindContext& context, std::string_view name,
                                          std::string& out) {
  const auto bound = bindings_.environment.find(std::string(name));
  if (bound == bindings_.environment.end()) return Found::No;
  if (find_reference(bound->second, 0)) context.context_dependent = true;
  return expand_here(context, bound->first, bound->second, &bound->second, out);
}

Binder::Found Binder::take(BindContext& context, std::string_view name, const FieldLookup& lookup,
                           std::string& out) {
  if (lookup.found == Found::Yes) return take_value(context, lookup.value, out);
  return lookup.found == Found::No ? Found::No : wrong(context, name, lookup.wrong);
}

Binder::Found Binder::take_value(BindContext& context, fields::View value, std::string& out) {
  if (ReferenceText* text = texts_.at(value.at)) return take_text(context, *text, out);
  return add(context, out, scalar_text(value));
}

// Appends one of the task's values that was named plainly. If the name stands inside a process, the
// references in the value must find the process's fields first. The value is expanded from its raw
// text, because the bound text has found the task's fields.
Binder::Found Binder::take_task_value(BindContext& context, fields::View value, std::string& out) {
  ReferenceText* text = texts_.at(value.at);
  if (text == nullptr || !context.target.process) return take_value(context, value, out);
  context.context_dependent = true;
  return expand_here(context, text->path, text->raw, &text->raw, out);
}

// Appends a text that was reached by a path. Its references are looked up in its own process first;
// those that this process lacks are looked up from the text that is being bound.
Binder::Found Binder::take_text(BindContext& context, ReferenceText& target, std::string& out) {
  if (!bind(target)) return Found::Wrong;
  if (target.mark != Mark::ContextDependent) return add(context, out, *target.text);
  context.context_dependent = true;
  const bool same_scope = target.process.at == context.target.process.at;
  if (same_scope && !context.partial) return add(context, out, *target.text);
  if (context.partial) return expand_here(context, target.path, target.raw, &target.raw, out);
  BindContext inside{target, {}, {}};
  inside.partial = true;
  std::string rest;
  if (!expand(inside, target.raw, rest)) return Found::Wrong;
  return expand_here(context, target.path, rest, &target.raw, out);
}

// Appends a text that stands elsewhere. Its references are looked up from the text that is being
// bound. `origin` is the address of the text as written.
Binder::Found Binder::expand_here(BindContext& context, std::string_view name,
                                  std::string_view text, const void* origin, std::string& out) {
  const auto known = context.values.find(origin);
  if (known != context.values.end()) return put(context, out, known->second);
  const std::pair<const void*, std::string_view> key(origin, name);
  if (std::find(context.busy.begin(), context.busy.end(), key) != context.busy.end()) {
    report_.fail_endless(context.target.path, name);
    return Found::Wrong;
  }
  std::string value;
  if (!report_.enter(context.target.path, name)) return Found::Wrong;
  context.busy.push_back(key);
  if (!expand(context, text, value)) return Found::Wrong;
  context.busy.pop_back();
  report_.leave_to(report_.depth() - 1);
  return put(context, out, context.values.emplace(origin, std::move(value)).first->second);
}

// Appends a finished value: braces in it are not references.
Binder::Found Binder::add(BindContext& context, std::string& out, std::string_view piece) {
  return context.partial ? put(context, out, escape_references(piece)) : put(context, out, piece);
}

Binder::Found Binder::put(BindContext& context, std::string& out, std::string_view piece) {
  return append(context, out, piece) ? Found::Yes : Found::Wrong;
}

// Reports that the lookup of `name` failed, unless -E has the name.
Binder::Found Binder::wrong(const BindContext& context, std::string_view name,
                            const std::string& what) {
  if (context.partial || bindings_.environment.contains(std::string(name))) return Found::No;
  fail(context, name, what);
  return Found::Wrong;
}

bool Binder::fail(const BindContext& context, std::string_view name, const std::string& what) {
  return report_.fail_reference(context.target.path, name,
                                context.busy.empty() ? "" : context.busy.back().second, what);
}

}  // namespace thermos::config
