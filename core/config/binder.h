// Replaces the references in a task's texts by what they are bound to. references.h has the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/bind_report.h"
#include "core/config/field_lookup.h"
#include "core/config/load.h"
#include "core/config/read_task.h"
#include "core/config/reference_syntax.h"
#include "core/config/reference_texts.h"

namespace thermos::config {

class Binder {
 public:
  // `name` is what {{name}} means in `root`; nullptr if `root` has no name. All arguments outlive
  // this. Binding stops at `most` problems.
  Binder(fields::Slot root, std::vector<Deferred>& deferred, const std::string* name,
         const Bindings& bindings, std::size_t most);

  void bind_all();
  // Binds one text of the task. Returns false, with a problem, if it can't be bound.
  bool bind_at(const std::string* text);
  Problems& problems() { return report_.problems(); }

 private:
  using Mark = ReferenceText::Mark;
  using Found = FieldLookup::Found;

  // The levels around a text, from the innermost outwards.
  enum class Around : std::uint8_t { Object, Process, Task, Environment };

  // The state while one text is bound. References in values are looked up from where that text
  // stands, so `values` holds for this text alone.
  struct BindContext {
    const ReferenceText& target;
    std::map<const void*, std::string> values;  // expanded, by the address of the text as written
    std::vector<std::pair<const void*, std::string_view>>
        busy;            // the texts being expanded, and their names
    bool spent = false;  // the limit on length is reached: nothing is added
    // A text in another object or process would get another value for one of the references.
    bool context_dependent = false;
    // Only the text's own object and process are searched; a reference to anything else stays
    // unbound.
    bool partial = false;
  };

  bool bind(ReferenceText& target);
  bool settle_number(BindContext& context, const std::string& expanded);

  // Appends `text` to `out` with its references replaced.
  bool expand(BindContext& context, std::string_view text, std::string& out);
  bool expand_reference(BindContext& context, const Reference& reference, std::string& out,
                        bool& good);
  bool append(BindContext& context, std::string& out, std::string_view piece);

  // Appends the value of `name` to `out`.
  bool resolve(BindContext& context, std::string_view name, std::string& out);
  bool resolve_own(BindContext& context, std::string_view name, std::string& out);
  Found resolve_super(BindContext& context, std::string_view name, std::string& out);
  // Looks `name` up in the levels from `from` outwards to `to`.
  Found look_up(BindContext& context, std::string_view name, Around from, Around to,
                std::string& out);
  Found look_in_task(BindContext& context, std::string_view name, const Steps& steps,
                     std::string& out);
  Found look_in_environment(BindContext& context, std::string_view name, std::string& out);
  static Around innermost(const BindContext& context);
  static Around outside(const BindContext& context, Around level);

  // These append the value that a lookup found, with its own references replaced.
  Found take(BindContext& context, std::string_view name, const FieldLookup& lookup,
             std::string& out);
  Found take_value(BindContext& context, fields::View value, std::string& out);
  Found take_task_value(BindContext& context, fields::View value, std::string& out);
  Found take_text(BindContext& context, ReferenceText& target, std::string& out);
  Found expand_here(BindContext& context, std::string_view name, std::string_view text,
                    const void* origin, std::string& out);
  Found add(BindContext& context, std::string& out, std::string_view piece);
  Found put(BindContext& context, std::string& out, std::string_view piece);

  Found wrong(const BindContext& context, std::string_view name, const std::string& what);
  bool fail(const BindContext& context, std::string_view name, const std::string& what);

  fields::Slot root_;
  const std::string* name_;
  const Bindings& bindings_;
  ReferenceTexts texts_;
  BindReport report_;
  std::size_t total_ = 0;  // the bytes of everything that was expanded
};

}  // namespace thermos::config
