#include "reactor/configuration/unused_bindings.h"

#include <spdlog/spdlog.h>

#include <string>

#include "core/base/text.h"

namespace thermos {
namespace {

// Returns whether a reference ends with `end`, because "{{super.NAME}}" refers to NAME, too.
bool refers(const ConfigurationText& text, const ConfigurationWords& words,
            const std::string& end) {
  if (text.text.find(end) != std::string::npos) return true;
  for (const auto& [name, value] : words.environment) {
    if (value.find(end) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

void warn_of_unused_bindings(const ConfigurationText& text, const ConfigurationWords& words) {
  for (const auto& [name, value] : words.environment) {
    if (refers(text, words, name + "}}")) continue;
    spdlog::warn("-E {}: {} has no {{{{{}}}}}, so this is not used", printable(name), text.where,
                 printable(name));
  }
  for (const auto& [name, port] : words.ports) {
    if (refers(text, words, "ports[" + name + "]}}")) continue;
    spdlog::warn("-P {}: {} has no {{{{thermos.ports[{}]}}}}, so this is not used", printable(name),
                 text.where, printable(name));
  }
}

}  // namespace thermos
