#include "core/runner/link_event.h"

#include <variant>

namespace thermos {

std::optional<LinkEvent> link_event_of(const Effect& effect) {
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    return LinkEvent{start->process, link::Start{*start}};
  }
  if (const auto* terminate = std::get_if<Terminate>(&effect)) {
    return LinkEvent{terminate->process, link::Stop{terminate->run, false, terminate->signal}};
  }
  if (const auto* kill = std::get_if<Kill>(&effect)) {
    return LinkEvent{kill->process, link::Stop{kill->run, true}};
  }
  if (const auto* look = std::get_if<Look>(&effect)) {
    return LinkEvent{look->process, link::Changed{}};
  }
  return std::nullopt;
}

}  // namespace thermos
