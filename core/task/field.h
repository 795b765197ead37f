// The fields of the structs of a task, for code that treats all keys alike: it reads, writes,
// compares and checks them, and finds what a reference names. task_fields.cc lists the keys;
// describe.h makes a field of a member.
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
  double most = 0;        // of Seconds and Real; that of others is their C++ type's
  std::string_view name;  // follows the range in messages
};
inline constexpr Unit kBytes{Kind::Bytes, 0, ""};
inline constexpr Unit kSeconds{Kind::Seconds, 1e9, "seconds"};
inline constexpr Unit kCores{Kind::Real, 1e6, "cores"};

// Whether a value of this kind, as its C++ type has it, may be outside of what the table allows, or
// may hold one that is.
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

// What a field, or an item of one, may hold.
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
  // A Map is a matrix: each of its texts may be written as a list of texts, and makes so many of
  // the object around it. A List holds Maps of what a matrix has: combinations that it leaves out.
  bool spread = false;
  // It is left out of JSON where it is empty.
  bool left_out = false;
  Unit unit;
  std::span<const std::string_view> words;  // of a Word, in the order of its values
  const ObjectType& (*object)() = nullptr;  // of an Object
  const Items* items = nullptr;             // of a List or a Map
  const Type* item = nullptr;               // the type of its values
};

// A key of an object.
struct Field {
  std::string_view key;
  Type type;
  std::string_view about;     // one sentence for editors
  std::string_view required;  // why it can't be missing or empty; "" if it can be missing
  // The key that may be given in its place; "" if none. It is left out where it is empty.
  std::string_view instead;
  // The error for a reference to the field where it is missing: "no ... are given". Empty if a
  // missing field means the same as its default.
  std::string_view absent;
  const void* (*view)(const void* object);  // nullptr if it is absent
  void* (*slot)(void* object);              // makes one with every default if it is absent
};

// A key that the files of other programs have, and the one that says the same here.
struct ForeignKey {
  std::string_view key;
  std::string_view ours;  // passed over as long as there is no such key
  std::string_view more;  // what else there is to say, "" for nothing
};

// The keys of a struct, in the order in which they are written and shown.
struct ObjectType {
  std::string_view name;   // in the JSON Schema: "process"
  std::string_view noun;   // in messages: "a process"
  std::string_view about;  // one sentence for editors
  std::span<const Field> fields;
  const void* usual = nullptr;  // one with every default
  bool plural = false;          // "resources have", not "has"
  // References inside an item of a list may name its fields plainly, as {{name}} of a process.
  bool scope = false;
  // It may be written as a text, which is then its first field.
  bool short_form = false;
  std::span<const ForeignKey> foreign = {};
  // Exactly one of the first so many fields is given: a text that is not empty, or a true flag.
  std::size_t choices = 0;

  // nullptr if there is no such key.
  const Field* find(std::string_view key) const;
};

// A value of a task, to be read. `at` points to what the kind says and outlives this. REQUIRES for
// each accessor: the kind that it names.
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
  // Of a List or a Map.
  std::size_t size() const { return type->items->size(at); }
  View item(std::size_t index) const { return {type->item, type->items->view(at, index)}; }
  const std::string& name(std::size_t index) const { return type->items->name(at, index); }
  // Of an Object.
  View field(const Field& field) const { return {&field.type, field.view(at)}; }
  // The same, or for an absent object its default.
  View field_or_usual(const Field& field) const;
};

// A value of a task, to be changed. As View.
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

// What is wrong with the choice of an object whose type has `choices`; "" if exactly one is made.
std::string choice_fault(View object);

// Whether a number is in the range of its type, and all numbers of an Object are, with its choice;
// true for other kinds. Tasks that were made by code are checked by this, too.
bool is_in_range(View value);

}  // namespace thermos::fields
