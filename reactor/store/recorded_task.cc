#include "reactor/store/recorded_task.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/config/load.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

std::string file_of(const Paths& paths, const std::string& id, TaskDirectory directory) {
  return directory == TaskDirectory::Active ? paths.active_task(id) : paths.finished_task(id);
}

// Reads JSON up to the "name" of the outermost object.
class NameReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_array() override { return close(); }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool end_object() override { return close(); }
  bool key(string_t& key) override {
    is_name_ = depth_ == 1 && key == "name";
    return true;
  }
  bool string(string_t& value) override {
    if (!is_name_ || depth_ != 1) return true;
    name = std::move(value);
    return false;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

  std::string name;

 private:
  bool open() {
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  bool is_name_ = false;
};

}  // namespace

std::string read_recorded_name(const Paths& paths, const std::string& id, TaskDirectory directory) {
  const auto text = read_file(file_of(paths, id, directory));
  NameReader reader;
  if (text) nlohmann::json::sax_parse(*text, &reader);
  return std::move(reader.name);
}

std::optional<TaskConfig> read_recorded_config(const Paths& paths, const std::string& id,
                                               TaskDirectory directory) {
  auto text = read_file(file_of(paths, id, directory));
  // The task may have ended since the caller looked up its directory.
  if (!text && directory == TaskDirectory::Active) text = read_file(paths.finished_task(id));
  if (!text) return std::nullopt;
  auto task = config::load_bound(*text, "the task");
  return task ? std::optional(std::move(*task)) : std::nullopt;
}

std::vector<std::string> not_started(const TaskConfig& task, const History& history) {
  std::vector<std::string> names;
  for (const ProcessConfig& process : task.processes) {
    const auto found = history.find(process.name);
    if (found) {
      const ProcessHistory& past = history.process(*found);
      if (!past.runs.empty() || past.totals.all() > 0) continue;
    }
    names.push_back(process.name);
  }
  return names;
}

}  // namespace thermos
