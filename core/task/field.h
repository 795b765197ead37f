// The fields of the structs of a task, for code that treats all keys alike: it reads, writes,
// compares and checks them, and finds what a reference names. task_fields.cc lists the keys;
// describe.h makes a field from a member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/signal.h"

namespace thermos::fields {

struct ObjectType;

enum class Kind : std::uint8_t {
  Text,     // std::string; references in it are bound when a configuration is read
  Flag,     // bool
  Count,    // std::uint32_t
  Bytes,    // std::int64_t
  Seconds,  // Microseconds; written as seconds
  Real,     // double
  Word,     // an enumeration of one byte: one of a few words
  Signal,   // SignalNumber; written by its name, or by its number
  List,     // std::vector
  Map,      // Named: names and values, in the order written
  Object,   // a struct with an ObjectType
};

// How a number is written and its maximum. The minimum is 0.
struct Unit {
  Kind kind = Kind::Count;
  double most = 0;        // of Seconds and Real; other kinds have the maximum of their C++ type
  std::string_view name;  // follows the range in messages
};
inline constexpr Unit kBytes{Kind::Bytes, 0, ""};
inline constexpr Unit kSeconds{Kind::Seconds, 1e9, "seconds"};
inline constexpr Unit kCores{Kind::Real, 1e6, "cores"};

// Whether a value that the C++ type of this kind can hold may be outside of the range that the
// table allows, or may contain such a value (Object).
constexpr bool has_range(Kind kind) {
  return kind == Kind::Bytes || kind == Kind::Seconds || kind == Kind::Real || kind == Kind::Object;
}

struct Type;

// The operations of a List or a Map.
struct Items {
  std::size_t (*size)(const void* list);
  const void* (*view)(const void* list, std::size_t index);
  void* (*slot)(void* list, std::size_t index);
  void (*resize)(void* list, std::size_t size);
  // nullptr for a List.
  const std::string& (*name)(const void* list, std::size_t index);
  std::string& (*name_slot)(void* list, std::size_t index);
};

// The type of a field, or of an item of a List or a Map.
struct Type {
  Kind kind = Kind::Text;
  // A Text, or each text of a List, can't be empty.
  bool filled = false;
  // A Map of Words may be written as a list of names; each then has the first word.
  bool names_alone = false;
  // A List may be written as one text, which is then its only item.
  bool one_alone = false;
  // A List of objects may be written as a map of them by their names.
  bool by_name = false;
  // A Map is a matrix: each of its texts may be written as a list of texts, and the object that has
  // the matrix is repeated for each of them. A List with this flag holds Maps that name
  // combinations which the matrix leaves out.
  bool spread = false;
  // The field is left out of JSON if it is empty.
  bool left_out = false;
  Unit unit;
  std::span<const std::string_view> words;  // of a Word, in the order of its values
  const ObjectType& (*object)() = nullptr;  // of an Object
  const Items* items = nullptr;             // of a List or a Map
  const Type* item = nullptr;               // of a List or a Map: the type of its values
};

// A key of an object.
struct Field {
  std::string_view key;
  Type type;
  std::string_view about;     // one sentence for editors
  std::string_view required;  // why the key can't be missing or empty; "" if it can be missing
  // The key that may be given instead of this one; "" if there is none. With such a key, an empty
  // field is left out of JSON.
  std::string_view instead;
  // The error for a reference to the field when the field is missing: "no ... are given". Empty if
  // a missing field means the same as its default.
  std::string_view absent;
  const void* (*view)(const void* object);  // returns nullptr if the field is absent
  void* (*slot)(void* object);              // if the field is absent, adds one with every default
};

// A key from the files of other programs, and the key that means the same here.
struct ForeignKey {
  std::string_view key;
  std::string_view ours;  // if the object has no such key, this entry is ignored
  std::string_view more;  // what else to say in the message; "" for nothing
};

// The keys of a struct, in the order in which they are written and shown.
struct ObjectType {
  std::string_view name;   // in the JSON Schema: "process"
  std::string_view noun;   // in messages: "a process"
  std::string_view about;  // one sentence for editors
  std::span<const Field> fields;
  const void* usual = nullptr;  // an object with every default
  bool plural = false;          // "resources have", not "has"
  // References inside an item of a list may name its fields plainly, as {{name}} of a process.
  bool scope = false;
  // The object may be written as a text, which is then its first field.
  bool short_form = false;
  std::span<const ForeignKey> foreign = {};
  // If not 0: exactly one of the first `choices` fields must be given, a text that is not empty or
  // a true flag.
  std::size_t choices = 0;

  // Returns nullptr if there is no such key.
  const Field* find(std::string_view key) const;
};

// A value of a task, for reading. `at` points to an object of the C++ type that the kind names, and
// that object outlives this. REQUIRES for each accessor: the value is of the kind that the accessor
// names.
struct View {
  const Type* type = nullptr;
  const void* at = nullptr;  // nullptr if absent

  explicit operator bool() const { return at != nullptr; }
  const std::string& text() const { return *static_cast<const std::string*>(at); }
  bool flag() const { return *static_cast<const bool*>(at); }
  std::uint32_t count() const { return *static_cast<const std::uint32_t*>(at); }
  std::int64_t whole() const { return *static_cast<const std::int64_t*>(at); }  // Bytes, Seconds
  double real() const { return *static_cast<const double*>(at); }
  SignalNumber signal() const { return *static_cast<const SignalNumber*>(at); }
  std::string_view word() const { return type->words[*static_cast<const std::uint8_t*>(at)]; }
  // For a List or a Map.
  std::size_t size() const { return type->items->size(at); }
  View item(std::size_t index) const { return {type->item, type->items->view(at, index)}; }
  const std::string& name(std::size_t index) const { return type->items->name(at, index); }
  // For an Object.
  View field(const Field& field) const { return {&field.type, field.view(at)}; }
  // Returns field(), but the object with every default for an absent field of the kind Object.
  View field_or_usual(const Field& field) const;
};

// A value of a task, for changing. The rules of View apply.
struct Slot {
  const Type* type = nullptr;
  void* at = nullptr;

  operator View() const { return {type, at}; }  // NOLINT(google-explicit-constructor)
  std::string& text() const { return *static_cast<std::string*>(at); }
  bool& flag() const { return *static_cast<bool*>(at); }
  std::uint32_t& count() const { return *static_cast<std::uint32_t*>(at); }
  std::int64_t& whole() const { return *static_cast<std::int64_t*>(at); }
  double& real() const { return *static_cast<double*>(at); }
  SignalNumber& signal() const { return *static_cast<SignalNumber*>(at); }
  void set_word(std::size_t index) const {
    *static_cast<std::uint8_t*>(at) = static_cast<std::uint8_t>(index);
  }
  std::size_t size() const { return type->items->size(at); }
  void resize(std::size_t size) const { type->items->resize(at, size); }
  Slot item(std::size_t index) const { return {type->item, type->items->slot(at, index)}; }
  std::string& name(std::size_t index) const { return type->items->name_slot(at, index); }
  Slot field(const Field& field) const { return {&field.type, field.slot(at)}; }
};

// Whether two numbers, flags or words of one type are equal.
bool same_scalar(View a, View b);

// Returns the range of a number: "0 to 1000000 cores".
std::string range_text(const Type& type);

// Returns what is wrong with the choice in an object whose type has `choices`; "" if exactly one is
// given.
std::string choice_fault(View object);

// Whether a number is in the range of its type or, for an Object, all of its numbers are and its
// choice is valid; true for other kinds. This also checks tasks that code has made, and not a file.
bool is_in_range(View value);

}  // namespace thermos::fields
