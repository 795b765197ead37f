// Turns the effects of a runner that are for the link of a process into events for that link. The
// reactor and the simulator both use this.
#pragma once

#include <optional>

#include "core/runner/coordinator_link.h"
#include "core/runner/effects.h"
#include "core/task/task.h"

namespace thermos {

struct LinkEvent {
  ProcessIndex process = 0;
  link::Event event;
};

// Returns the event for the link; nothing for an effect that is for no link.
std::optional<LinkEvent> link_event_of(const Effect& effect);

}  // namespace thermos
