// Any bytes as a configuration, JSON or YAML: never a crash, one line for an error, and what is
// accepted is written and read back as the same task.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace {

void require(bool good, std::string_view what, const std::string& detail) {
  if (good) return;
  std::cerr << what << ": " << detail << "\n";
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  thermos::config::Bindings bindings;
  bindings.user = "joe";
  bindings.ports["http"] = 80;
  bindings.environment = {{"x", "{{y}}{{y}}"}, {"y", "{{name}}"}, {"z", "{{&x}}"}};
  const auto task = thermos::config::load(text, "f", "", bindings);
  // Never a crash of these, whatever they say.
  (void)thermos::config::load(text, "f", "", bindings, {thermos::config::Form::Evaluated});
  const auto faults = thermos::config::find_faults(text, "f", "", bindings);
  require(task.ok() == faults.empty(), "a dry run that says otherwise", text);
  if (!task) {
    const std::string& message = task.error().message;
    require(message.find('\n') == std::string::npos, "more than one line", message);
    require(message.starts_with("f:"), "no place", message);
    return 0;
  }
  const std::string json = thermos::config::to_json(*task, 1);
  const auto again = thermos::config::load_bound(json, "f");
  require(again.ok(), "not read back", json);
  require(*again == *task, "read back otherwise", json);
  require(thermos::config::first_difference(*task, *again).empty(), "a difference", json);
  return 0;
}
