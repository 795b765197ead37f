// Between core's plain structs and Cap'n Proto messages. Nothing else includes the generated
// headers of checkpoint.capnp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"

namespace thermos {

// A ProcessStatus whose process name and reason are at most this long fits in kStatusFrameBytes.
inline constexpr std::size_t kMaxReasonBytes = 1024;
inline constexpr std::size_t kStatusFrameBytes = 2048;

// Writes a whole frame, payload and checksum, into `out` without allocating: for the coordinator.
// Returns its size and advances `chain`; 0 when `out` is too small (a reason is cut, not refused).
// REQUIRES: out is 8-byte aligned.
std::size_t encode_frame(const ProcessStatus& status, std::uint32_t& chain,
                         std::span<std::byte> out);

// Any record, appended to `out` as a whole frame; advances `chain`. `out` keeps what it had, and
// its size stays a multiple of 8. False, and nothing changed, for a record above kMaxPayloadBytes,
// which no reader would take.
bool append_frame(const Record& record, std::uint32_t& chain, std::vector<std::byte>& out,
                  std::uint64_t position = 0);

// The event's position that a record was appended with; 0: none, or not a record.
std::uint64_t position_of(Bytes payload);

// Reads one payload. Views in the answer point into `payload`. Corrupt for anything that is not a
// record; a record of a kind or with a state that this version does not know is an error that says
// so. REQUIRES: payload is 8-byte aligned.
Result<Record> decode(Bytes payload);

// The same into a record that is used again and again: what a long stream consists of is neither
// made nor moved. After an error `record` means nothing.
Status decode(Bytes payload, Record& record);

}  // namespace thermos
