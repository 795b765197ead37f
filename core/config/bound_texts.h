// Reads the texts of a task in which every reference is bound already: {{&NAME}} in them stands for
// the text {{NAME}}. It looks no name up, so no text can grow.
#pragma once

#include <cstddef>

#include "core/config/read_task.h"

namespace thermos::config {

// Replaces the fields of `draft` by the texts that they stand for. An unescaped reference is a
// problem; it stops at `most` problems.
Problems take_texts_as_bound(Draft& draft, std::size_t most);

}  // namespace thermos::config
