#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/config/load.h"
#include "core/config/number.h"
#include "core/config/schema_table.h"
#include "core/config/template.h"

namespace thermos::config {
namespace {

// Writes straight into one string: a tree of a million processes would take gigabytes.
class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  std::string take() { return std::move(out_); }

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
  // Before each item of a list.
  void item() {
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
    const std::string escaped = escape_references(value);
    const auto plain = [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F &&
             c != '"' && c != '\\';
    };
    if (std::all_of(escaped.begin(), escaped.end(), plain)) {
      out_.append("\"").append(escaped).append("\"");
      return;
    }
    // Replace rather than throw: this also prints tasks that were never checked.
    out_ += nlohmann::json(escaped).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  void number(const std::string& value) { out_ += value; }
  void flag(bool value) { out_ += value ? "true" : "false"; }

 private:
  void new_line() {
    if (indent_ < 0) return;
    out_ += '\n';
    out_.append(depth_ * static_cast<std::size_t>(indent_), ' ');
  }

  int indent_;
  std::size_t depth_ = 0;
  bool first_ = true;
  std::string out_;
};

void write(Writer& json, const Resources& resources) {
  json.open('{');
  json.key("cpu");
  json.number(number_text(resources.cpu));
  json.key("ram");
  json.number(std::to_string(resources.ram));
  json.key("disk");
  json.number(std::to_string(resources.disk));
  json.close('}');
}

void write(Writer& json, const Logger& logger) {
  const RotatePolicy& rotate = logger.rotate;
  json.open('{');
  json.key("destination");
  json.text(word_of(logger.destination));
  json.key("mode");
  json.text(word_of(logger.mode));
  json.key("rotate");
  json.open('{');
  json.key("log_size");
  json.number(std::to_string(rotate.log_size));
  json.key("backups");
  json.number(std::to_string(rotate.backups));
  json.close('}');
  json.close('}');
}

void write(Writer& json, const ProcessConfig& process) {
  json.open('{');
  json.key("name");
  json.text(process.name);
  json.key("cmdline");
  json.text(process.cmdline);
  json.key("max_failures");
  json.number(std::to_string(process.max_failures));
  json.key("daemon");
  json.flag(process.daemon);
  json.key("ephemeral");
  json.flag(process.ephemeral);
  json.key("min_duration");
  json.number(seconds_text(process.min_duration));
  json.key("final");
  json.flag(process.final);
  if (process.resources) {
    json.key("resources");
    write(json, *process.resources);
  }
  if (process.logger) {
    json.key("logger");
    write(json, *process.logger);
  }
  json.close('}');
}

void write(Writer& json, const Constraint& constraint) {
  json.open('{');
  json.key("order");
  json.open('[');
  for (const std::string& name : constraint.order) {
    json.item();
    json.text(name);
  }
  json.close(']');
  json.close('}');
}

template <typename T>
void write_list(Writer& json, std::string_view key, const std::vector<T>& items) {
  json.key(key);
  json.open('[');
  for (const T& item : items) {
    json.item();
    write(json, item);
  }
  json.close(']');
}

}  // namespace

std::string to_json(const TaskConfig& task, int indent) {
  Writer json(indent);
  json.open('{');
  json.key("name");
  json.text(task.name);
  write_list(json, "processes", task.processes);
  write_list(json, "constraints", task.constraints);
  if (task.resources) {
    json.key("resources");
    write(json, *task.resources);
  }
  json.key("max_failures");
  json.number(std::to_string(task.max_failures));
  json.key("max_concurrency");
  json.number(std::to_string(task.max_concurrency));
  json.key("finalization_wait");
  json.number(seconds_text(task.finalization_wait));
  if (!task.user.empty()) {
    json.key("user");
    json.text(task.user);
  }
  json.close('}');
  return json.take();
}

}  // namespace thermos::config
