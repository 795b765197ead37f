// Reads the texts of a task in which every reference is bound already: {{&NAME}} in them stands for
// the text {{NAME}}. No name is looked up, so no text can grow.
#pragma once

#include <cstddef>

#include "core/config/read_task.h"

namespace thermos::config {

// Unescapes all texts of `draft`, and reads its deferred numbers, booleans and words. Reports each
// unescaped reference as a problem. Stops at `most` problems.
Problems take_texts_as_bound(Draft& draft, std::size_t most);

}  // namespace thermos::config
