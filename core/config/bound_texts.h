// The texts of a task in which everything is bound: what is left in them to be read is {{&NAME}},
// which is the text {{NAME}}. Nothing here looks a name up, so no text can grow.
#pragma once

#include <cstddef>

#include "core/config/schema.h"

namespace thermos::config {

// Puts the texts that they stand for into `draft`'s fields. A reference is a problem; of these it
// stops at `most`.
Problems take_texts_as_bound(Draft& draft, std::size_t most);

}  // namespace thermos::config
