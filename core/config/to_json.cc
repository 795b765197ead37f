#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/config/load.h"
#include "core/config/reference_syntax.h"
#include "core/config/scalar_text.h"
#include "core/config/to_json.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::View;

using Take = std::function<bool(std::string_view piece)>;

constexpr std::size_t kPiece = std::size_t{64} << 10;

// Writes straight into one string, because a JSON tree of a million processes would take gigabytes.
// With `take`, the string is handed on and emptied whenever it is long enough.
class Writer {
 public:
  explicit Writer(int indent, const Take* take = nullptr) : indent_(indent), take_(take) {}

  std::string whole() { return std::move(out_); }
  bool refused() const { return refused_; }
  // Hands on the rest of the text. Returns whether `take` took everything.
  bool finish() {
    hand_on();
    return !refused_;
  }

  void open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) new_line();
    out_ += bracket;
    first_ = false;
  }
  // Called before each item of a list.
  void item() {
    if (take_ != nullptr && out_.size() >= kPiece) hand_on();
    if (!first_) out_ += indent_ < 0 ? ", " : ",";
    first_ = false;
    new_line();
  }
  void key(std::string_view name) {
    item();
    out_ += '"';
    out_ += name;
    out_ += "\": ";
  }
  void text(std::string_view value) {
    std::string escaped;
    if (value.find("{{") != std::string_view::npos) {
      escaped = escape_references(value);
      value = escaped;
    }
    const auto plain = [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F &&
             c != '"' && c != '\\';
    };
    if (std::all_of(value.begin(), value.end(), plain)) {
      out_.append("\"").append(value).append("\"");
      return;
    }
    // Bytes that are not UTF-8 are replaced and don't throw: unchecked tasks are printed too.
    out_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  // Writes a name of a map, which may be any text and needs escapes, unlike a key.
  void name(std::string_view name) {
    item();
    text(name);
    out_ += ": ";
  }
  void plain(const std::string& value) { out_ += value; }

 private:
  void new_line() {
    if (indent_ < 0) return;
    out_ += '\n';
    out_.append(depth_ * static_cast<std::size_t>(indent_), ' ');
  }

  void hand_on() {
    refused_ = refused_ || !(*take_)(out_);
    out_.clear();
  }

  int indent_;
  const Take* take_;
  bool refused_ = false;
  std::size_t depth_ = 0;
  bool first_ = true;
  std::string out_;
};

void write(Writer& json, View value);

void write_list(Writer& json, View list) {
  json.open('[');
  for (std::size_t i = 0; i < list.size() && !json.refused(); ++i) {
    json.item();
    write(json, list.item(i));
  }
  json.close(']');
}

void write_map(Writer& json, View map) {
  json.open('{');
  for (std::size_t i = 0; i < map.size(); ++i) {
    json.name(map.name(i));
    write(json, map.item(i));
  }
  json.close('}');
}

// Whether the value was not given and is not written: an empty text that may be empty, or an empty
// value that another key can replace.
bool is_left_out(View value, const Field& field) {
  if (!value) return true;
  if (value.type->left_out && value.size() == 0) return true;
  if (value.type->kind == Kind::List) return !field.instead.empty() && value.size() == 0;
  if (value.type->kind != Kind::Text || !value.text().empty()) return false;
  return !value.type->filled || !field.instead.empty();
}

void write_object(Writer& json, View object) {
  json.open('{');
  const fields::ObjectType& type = object.type->object();
  for (const Field& field : type.fields) {
    const View value = object.field(field);
    if (is_left_out(value, field)) continue;
    // A flag that is false among the choices: another choice was made.
    const bool choice = &field < type.fields.data() + type.choices;
    if (choice && value.type->kind == Kind::Flag && !value.flag()) continue;
    json.key(field.key);
    write(json, value);
  }
  json.close('}');
}

void write(Writer& json, View value) {
  switch (value.type->kind) {
    case Kind::Text:
      return json.text(value.text());
    case Kind::Word:
      return json.text(value.word());
    case Kind::Signal:
      return json.text(scalar_text(value));
    case Kind::List:
      return write_list(json, value);
    case Kind::Map:
      return write_map(json, value);
    case Kind::Object:
      return write_object(json, value);
    default:
      return json.plain(scalar_text(value));
  }
}

}  // namespace

std::string to_json(View object, int indent) {
  Writer json(indent);
  write(json, object);
  return json.whole();
}

std::string to_json(const TaskConfig& task, int indent) {
  return to_json(fields::view_of(task), indent);
}

bool write_json(const TaskConfig& task, int indent, const Take& take) {
  Writer json(indent, &take);
  write(json, fields::view_of(task));
  return json.finish();
}

}  // namespace thermos::config
