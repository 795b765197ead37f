#include "core/config/schema.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/text.h"
#include "core/config/number.h"
#include "core/config/scalar.h"
#include "core/config/schema_table.h"
#include "core/config/template.h"

namespace thermos::config {
namespace {

// What is wrong with a value; nullopt when nothing is.
using Complaint = std::optional<std::string>;

// What would make the value what is wanted, where its author was misled by YAML.
std::string advice(const Value& value, std::string_view wanted) {
  if (value.plain == 0) return "";
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    if (std::holds_alternative<std::nullptr_t>(value.data)) return ": nothing is written here";
    if (wanted != "a string") return "";
    return ": put it in quotes";
  }
  if (wanted == "true or false" && is_old_boolean(*text)) {
    return ": " + quoted(*text) + " is no boolean in YAML 1.2";
  }
  if (wanted == "a number" && is_old_number(*text)) {
    return ": " + quoted(*text) + " is no number in YAML 1.2";
  }
  return "";
}

std::string wrong_kind(const Value& value, std::string_view wanted) {
  return "must be " + std::string(wanted) + ", not " + std::string(kind_of(value)) +
         advice(value, wanted);
}

std::string out_of_range(const Value& value, const std::string& range) {
  std::string number;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = std::to_string(*whole);
  } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    number = std::to_string(*big);
  } else if (const auto* floating = std::get_if<double>(&value.data)) {
    number = number_text(*floating);
  }
  return number + " is out of range: " + range;
}

Complaint read_whole(const Value& value, std::int64_t max, std::int64_t& out) {
  bool fits = false;
  if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    fits = *big <= static_cast<std::uint64_t>(max);
    if (fits) out = static_cast<std::int64_t>(*big);
  } else if (const auto* real = std::get_if<double>(&value.data)) {
    if (std::trunc(*real) != *real) return "must be a whole number, not " + number_text(*real);
    // `max` itself may round up to a double beyond it.
    fits = *real >= 0 && *real <= static_cast<double>(max) && *real < 0x1p63;
    if (fits) out = static_cast<std::int64_t>(*real);
  } else if (!std::holds_alternative<std::int64_t>(value.data)) {
    return wrong_kind(value, "a number");
  }
  // The parsers call only negative numbers signed.
  if (fits) return std::nullopt;
  return out_of_range(value, "0 to " + std::to_string(max));
}

Complaint read_real(const Value& value, double max, std::string_view unit, double& out) {
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = static_cast<double>(*whole);
  } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    number = static_cast<double>(*big);
  } else if (const auto* floating = std::get_if<double>(&value.data)) {
    number = *floating;
  } else {
    return wrong_kind(value, "a number");
  }
  if (!(number >= 0 && number <= max)) {
    return out_of_range(value, "0 to " + number_text(max) + " " + std::string(unit));
  }
  out = number + 0.0;  // -0 is 0
  return std::nullopt;
}

Complaint read_scalar(const Value& value, Kind /*kind*/, bool& out) {
  const auto* boolean = std::get_if<bool>(&value.data);
  if (boolean == nullptr) return wrong_kind(value, "true or false");
  out = *boolean;
  return std::nullopt;
}

Complaint read_scalar(const Value& value, Kind /*kind*/, std::uint32_t& out) {
  std::int64_t whole = 0;
  if (auto complaint = read_whole(value, kMaxCount, whole)) return complaint;
  out = static_cast<std::uint32_t>(whole);
  return std::nullopt;
}

Complaint read_scalar(const Value& value, Kind kind, std::int64_t& out) {
  if (kind == Kind::Bytes) return read_whole(value, kMaxBytes, out);
  double seconds = 0;
  if (auto complaint = read_real(value, kMaxSeconds, "seconds", seconds)) return complaint;
  out = std::llround(seconds * static_cast<double>(kSecond));
  return std::nullopt;
}

Complaint read_scalar(const Value& value, Kind /*kind*/, double& out) {
  return read_real(value, kMaxCores, "cores", out);
}

template <typename E, std::size_t N = Words<E>::kAll.size()>
Complaint read_scalar(const Value& value, Kind /*kind*/, E& out) {
  std::string choices;
  for (const std::string_view word : Words<E>::kAll) {
    choices += (choices.empty() ? "" : ", ") + std::string(word);
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) return "must be one of " + choices + ", not " + std::string(kind_of(value));
  for (std::size_t i = 0; i < N; ++i) {
    if (Words<E>::kAll[i] != *text) continue;
    out = static_cast<E>(i);
    return std::nullopt;
  }
  NearestWord nearest(*text);
  for (const std::string_view word : Words<E>::kAll) nearest.offer(word);
  const std::string hint = nearest.hint();
  return quoted(*text) + " is none of " + choices + hint;
}

// Walks down the tree. Goes on behind a problem, until there are as many as are wanted.
class Reader {
 public:
  Reader(Draft& draft, std::size_t most) : draft_(draft), most_(most) {}

  void task(Value& value) { object(value, draft_.task); }
  Problems& problems() { return problems_; }

 private:
  struct Step {
    std::string_view key;  // empty: the index counts
    std::size_t index = 0;
  };

  bool full() const { return problems_.size() >= most_; }

  template <typename S>
  void object(Value& value, S& out) {
    using Of = Schema<S>;
    auto* object = std::get_if<Object>(&value.data);
    if (object == nullptr) {
      fail(value, std::string(Of::kNoun) + " is an object, not " + std::string(kind_of(value)),
           path());
      return;
    }
    // All keys before any is said to be missing: the missing one may be the misspelled one.
    const std::size_t before = problems_.size();
    for (const Member& member : *object) {
      if (full()) return;
      if (find<S>(member.key) == nullptr) unknown_key<S>(member);
    }
    for (const Field<S>& field : Of::kFields) {
      if (full()) return;
      if (field.required.empty() || value.find(field.key) != nullptr) continue;
      const std::string missing = join_path(path(), field.key);
      const auto meant = [&missing](const Problem& problem) { return problem.spoiled == missing; };
      if (std::any_of(problems_.begin() + static_cast<std::ptrdiff_t>(before), problems_.end(),
                      meant)) {
        continue;
      }
      std::string what = "'" + std::string(field.key) + "' is missing";
      if (field.required != "-") what += ": " + std::string(field.required);
      fail(value, std::move(what), missing);
    }
    for (Member& member : *object) {
      if (full()) return;
      const Field<S>* field = find<S>(member.key);
      if (field == nullptr) continue;
      if constexpr (std::is_same_v<S, TaskConfig>) {
        if (field->key == "name") draft_.named = true;
      }
      path_.push_back({field->key, 0});
      std::visit([&](auto at) { read(member.value, *field, out.*at); }, field->member);
      path_.pop_back();
    }
  }

  template <typename S>
  static const Field<S>* find(std::string_view key) {
    for (const Field<S>& field : Schema<S>::kFields) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }

  template <typename S>
  void unknown_key(const Member& member) {
    using Of = Schema<S>;
    NearestWord nearest(member.key);
    for (const Field<S>& field : Of::kFields) nearest.offer(field.key);
    const std::string hint = nearest.hint();
    std::string what = "unknown key " + quoted(member.key) + hint;
    std::optional<std::string> meant;
    for (const Field<S>& field : Of::kFields) {
      if (hint.find("'" + std::string(field.key) + "'") == std::string::npos) continue;
      meant = join_path(path(), field.key);
    }
    if (hint.empty()) {
      what += ": " + std::string(Of::kNoun) + " " + std::string(Of::kHave);
      bool first = true;
      for (const Field<S>& field : Of::kFields) {
        what += (first ? " " : ", ") + std::string(field.key);
        first = false;
      }
    }
    fail(member.value, std::move(what), std::move(meant));
  }

  template <typename S, typename T>
  void read(Value& value, const Field<S>& field, std::optional<T>& out) {
    (void)field;
    object(value, out.emplace());
  }

  template <typename S, typename T>
  void read(Value& value, const Field<S>& field, std::vector<T>& out) {
    auto* list = std::get_if<Array>(&value.data);
    if (list == nullptr) {
      fail(value, wrong_kind(value, "a list"), path());
      return;
    }
    if (list->empty() && field.required.size() > 1) {
      fail(value, "is empty: " + std::string(field.required), path());
    }
    out.resize(list->size());
    for (std::size_t i = 0; i < list->size() && !full(); ++i) {
      path_.push_back({{}, i});
      if constexpr (std::is_same_v<T, std::string>) {
        text((*list)[i], out[i]);
      } else {
        object((*list)[i], out[i]);
      }
      path_.pop_back();
    }
  }

  template <typename S>
  void read(Value& value, const Field<S>& /*field*/, RotatePolicy& out) {
    object(value, out);
  }

  template <typename S>
  void read(Value& value, const Field<S>& /*field*/, std::string& out) {
    text(value, out);
  }

  template <typename S, typename T>
  void read(Value& value, const Field<S>& field, T& out) {
    auto* written = std::get_if<std::string>(&value.data);
    if (written != nullptr && find_reference(*written, 0)) {
      draft_.deferred.push_back({path(), process(), std::move(*written),
                                 [kind = field.kind, &out](const std::string& bound) -> Complaint {
                                   if (has_leading_zero(bound)) {
                                     return quoted(bound) + ": a number can't begin with 0";
                                   }
                                   return read_scalar(plain_scalar(bound), kind, out);
                                 }});
      return;
    }
    if (auto complaint = read_scalar(value, field.kind, out)) {
      fail(value, std::move(*complaint), path());
    }
  }

  void text(Value& value, std::string& out) {
    auto* string = std::get_if<std::string>(&value.data);
    if (string == nullptr) {
      fail(value, wrong_kind(value, "a string"), path());
      return;
    }
    out = std::move(*string);
  }

  // Whose field is being read.
  std::optional<std::size_t> process() const {
    if (path_.size() < 2 || path_[0].key != "processes") return std::nullopt;
    return path_[1].index;
  }

  std::string path() const {
    std::string path;
    for (const Step& step : path_) {
      if (step.key.empty()) {
        path += "[" + std::to_string(step.index) + "]";
      } else {
        path = join_path(path, step.key);
      }
    }
    return path;
  }

  void fail(const Value& value, std::string what, std::optional<std::string> spoiled) {
    if (full()) return;
    problems_.push_back({path(), std::move(what), value.position(), std::move(spoiled)});
  }

  Draft& draft_;
  std::size_t most_;
  std::vector<Step> path_;
  Problems problems_;
};

}  // namespace

Problems read_task(Value& value, Draft& draft, std::size_t most) {
  Reader reader(draft, most);
  reader.task(value);
  return std::move(reader.problems());
}

}  // namespace thermos::config
