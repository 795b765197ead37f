// A process's record, read straight from the words of its message: the library's own way to them
// costs more than the rest of reading a record, and a long stream is nearly all process records.
// Private to this room, for codec.cc.
#pragma once

#include "core/record/frame.h"
#include "core/record/record.h"

namespace thermos {

// True: `payload` is a good process record, and `status` holds it, its views pointing into
// `payload`. False: it is something else, or a process record that only the library can judge; what
// `status` holds then means nothing. True only if all that is looked at is in its place: the
// segment table says the truth, the root struct follows its pointer, and its texts are null or byte
// lists inside the payload that end in a NUL. REQUIRES: payload is 8-byte aligned.
bool read_flat_process(Bytes payload, ProcessStatus& status);

}  // namespace thermos
