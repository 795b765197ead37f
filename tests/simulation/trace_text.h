// Events and effects of both state machines as text, for the trace of a world that broke.
#pragma once

#include <string>

#include "core/runner/coordinator_link.h"
#include "core/runner/runner.h"

namespace thermos::sim {

std::string text_of(const Event& event, const TaskConfig& task);
std::string text_of(const Effect& effect, const TaskConfig& task);
std::string text_of(const link::Event& event);
std::string text_of(const link::Effect& effect);

}  // namespace thermos::sim
