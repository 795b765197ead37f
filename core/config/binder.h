// Replaces the texts of a task that hold references by what these are bound to (references.h).
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
#include "core/config/reference_texts.h"
#include "core/config/schema.h"
#include "core/config/template.h"

namespace thermos::config {

class Binder {
 public:
  // `name`: the text that stands for {{name}} of `root`, if not its own field; nullptr: that one.
  // All outlive this. Stops at `most` problems.
  Binder(fields::Slot root, std::vector<Deferred>& deferred, const std::string* name,
         const Bindings& bindings, std::size_t most);

  void bind_all();
  // The text at this place of the task; true: it holds no reference any more.
  bool bind_at(const std::string* text);
  Problems& problems() { return report_.problems(); }

 private:
  using Mark = ReferenceText::Mark;
  using Found = FieldLookup::Found;

  // What stands around a text, from the inside.
  enum class Around : std::uint8_t { Object, Process, Task, Environment };

  // What is known while one text is bound. What bindings and the task's texts say is looked up from
  // where that text stands, so their values hold for this text alone.
  struct BindContext {
    const ReferenceText& target;
    std::map<const void*, std::string> values;                   // by the text that became this
    std::vector<std::pair<const void*, std::string_view>> busy;  // the text and its name
    bool spent = false;                                          // it has grown too long to go on
    // Something was looked up that would be something else elsewhere.
    bool context_dependent = false;
    // Only the text's own object and process are looked in, and what they lack stays as it is.
    bool partial = false;
  };

  bool bind(ReferenceText& target);
  bool settle_number(BindContext& context, const std::string& expanded);

  // The text with its references followed, behind `out`.
  bool expand(BindContext& context, std::string_view text, std::string& out);
  bool expand_reference(BindContext& context, const Reference& reference, std::string& out,
                        bool& good);
  bool append(BindContext& context, std::string& out, std::string_view piece);

  // What `name` is bound to, behind `out`.
  bool resolve(BindContext& context, std::string_view name, std::string& out);
  bool resolve_own(BindContext& context, std::string_view name, std::string& out);
  Found resolve_super(BindContext& context, std::string_view name, std::string& out);
  // Looks in what stands around the text, from `from` outwards to `to`.
  Found look_up(BindContext& context, std::string_view name, Around from, Around to,
                std::string& out);
  Found look_in_task(BindContext& context, std::string_view name, const Steps& steps,
                     std::string& out);
  Found look_in_environment(BindContext& context, std::string_view name, std::string& out);
  static Around innermost(const BindContext& context);
  static Around outside(const BindContext& context, Around level);

  // What a lookup found: the value, its own references followed.
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
  std::size_t total_ = 0;  // bytes that references have become
};

}  // namespace thermos::config
