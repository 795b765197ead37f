// Makes fields from the members of structs. A field's kind follows from its member's type.
#pragma once

#include <array>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/boxed.h"
#include "core/task/field.h"
#include "core/task/named.h"

namespace thermos::fields {

// The words of an enumeration whose values are 0, 1, ...: `kAll` has them in the order of the
// values.
template <typename E>
struct Words;

// Returns the keys of a struct. Each struct specializes it.
template <typename S>
const ObjectType& object_type();

// What a field has besides its member's type.
struct FieldRules {
  Unit unit = {};                  // required for std::int64_t and double
  bool filled = false;             // Type::filled
  bool names_alone = false;        // Type::names_alone
  bool one_alone = false;          // Type::one_alone
  bool by_name = false;            // Type::by_name
  bool spread = false;             // Type::spread
  bool left_out = false;           // Type::left_out
  std::string_view required = {};  // Field::required; "-": no reason needs to be given
  std::string_view instead = {};   // Field::instead
  std::string_view absent = {};    // Field::absent
};

namespace detail {

template <typename T>
struct OptionalOf : std::false_type {};
template <typename T>
struct OptionalOf<std::optional<T>> : std::true_type {
  using Inner = T;
};
template <typename T>
struct OptionalOf<Boxed<T>> : std::true_type {
  using Inner = T;
};

template <typename T>
struct ListOf : std::false_type {};
template <typename T>
struct ListOf<std::vector<T>> : std::true_type {
  using Item = T;
};

template <typename T>
struct MapOf : std::false_type {};
template <typename T>
struct MapOf<Named<T>> : std::true_type {
  using Item = T;
};

template <typename T, bool kFilled>
struct ItemsOf;

// refuse() is not constexpr: a table that needs it does not compile, and the compiler shows `why`.
inline void refuse(const char* /*why*/) {}

template <typename T>
constexpr Type type_of(const FieldRules& rules) {
  Type type;
  type.filled = rules.filled;
  type.unit = rules.unit;
  if constexpr (std::is_same_v<T, std::string>) {
    type.kind = Kind::Text;
  } else if constexpr (std::is_same_v<T, bool>) {
    type.kind = Kind::Flag;
  } else if constexpr (std::is_same_v<T, SignalNumber>) {
    type.kind = Kind::Signal;
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    type.kind = Kind::Count;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    if (rules.unit.kind != Kind::Bytes && rules.unit.kind != Kind::Seconds) {
      refuse("a std::int64_t is of kBytes or kSeconds");
    }
    type.kind = rules.unit.kind;
  } else if constexpr (std::is_same_v<T, double>) {
    if (rules.unit.kind != Kind::Real) refuse("a double has a unit, as kCores");
    type.kind = Kind::Real;
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(sizeof(T) == 1, "Slot::set_word() writes one byte");
    type.kind = Kind::Word;
    type.words = Words<T>::kAll;
  } else if constexpr (ListOf<T>::value || MapOf<T>::value) {
    type.kind = MapOf<T>::value ? Kind::Map : Kind::List;
    type.names_alone = rules.names_alone;
    type.one_alone = rules.one_alone;
    type.by_name = rules.by_name;
    type.spread = rules.spread;
    type.left_out = rules.left_out;
    type.items = &ItemsOf<T, false>::kItems;
    type.item = rules.filled ? &ItemsOf<T, true>::kItem : &ItemsOf<T, false>::kItem;
  } else {
    type.kind = Kind::Object;
    type.object = &object_type<T>;
  }
  return type;
}

template <typename T, bool kFilled>
struct ItemsOf<std::vector<T>, kFilled> {
  using Container = std::vector<T>;
  static constexpr Type kItem = type_of<T>({.filled = kFilled});
  static constexpr Items kItems = {
      [](const void* list) { return static_cast<const Container*>(list)->size(); },
      [](const void* list, std::size_t index) -> const void* {
        return &(*static_cast<const Container*>(list))[index];
      },
      [](void* list, std::size_t index) -> void* {
        return &(*static_cast<Container*>(list))[index];
      },
      [](void* list, std::size_t size) { static_cast<Container*>(list)->resize(size); },
      nullptr,
      nullptr,
  };
};

template <typename T, bool kFilled>
struct ItemsOf<Named<T>, kFilled> {
  using Container = Named<T>;
  static constexpr Type kItem = type_of<T>({.filled = kFilled});
  static constexpr Items kItems = {
      [](const void* map) { return static_cast<const Container*>(map)->entries.size(); },
      [](const void* map, std::size_t index) -> const void* {
        return &static_cast<const Container*>(map)->entries[index].second;
      },
      [](void* map, std::size_t index) -> void* {
        return &static_cast<Container*>(map)->entries[index].second;
      },
      [](void* map, std::size_t size) { static_cast<Container*>(map)->entries.resize(size); },
      [](const void* map, std::size_t index) -> const std::string& {
        return static_cast<const Container*>(map)->entries[index].first;
      },
      [](void* map, std::size_t index) -> std::string& {
        return static_cast<Container*>(map)->entries[index].first;
      },
  };
};

template <typename T>
struct MemberOf;
template <typename S, typename T>
struct MemberOf<T S::*> {
  using Struct = S;
  using Value = T;
};

}  // namespace detail

// Returns the field for the member kMember of `Struct`, which may have inherited the member.
template <auto kMember, typename Struct = typename detail::MemberOf<decltype(kMember)>::Struct>
constexpr Field field(std::string_view key, std::string_view about, const FieldRules& rules = {}) {
  using Value = typename detail::MemberOf<decltype(kMember)>::Value;
  Field made{key, {}, about, rules.required, rules.instead, rules.absent, nullptr, nullptr};
  if constexpr (detail::OptionalOf<Value>::value) {
    made.type = detail::type_of<typename detail::OptionalOf<Value>::Inner>(rules);
    made.view = [](const void* object) -> const void* {
      const Value& value = static_cast<const Struct*>(object)->*kMember;
      return value ? &*value : nullptr;
    };
    made.slot = [](void* object) -> void* {
      Value& value = static_cast<Struct*>(object)->*kMember;
      return value ? &*value : &value.emplace();
    };
  } else {
    made.type = detail::type_of<Value>(rules);
    made.view = [](const void* object) -> const void* {
      return &(static_cast<const Struct*>(object)->*kMember);
    };
    made.slot = [](void* object) -> void* { return &(static_cast<Struct*>(object)->*kMember); };
  }
  return made;
}

template <typename S>
inline constexpr Type kObjectOf = detail::type_of<S>({});

// Returns a whole struct as a value.
template <typename S>
View view_of(const S& object) {
  return {&kObjectOf<S>, &object};
}
template <typename S>
Slot slot_of(S& object) {
  return {&kObjectOf<S>, &object};
}

}  // namespace thermos::fields
