// Converts records between core's plain structs and Cap'n Proto messages. In the programs only the
// code in this folder includes the generated headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"

namespace thermos {

// A reason is cut to kMaxReasonBytes. Any ProcessStatus with a valid name then fits into
// kStatusFrameBytes.
inline constexpr std::size_t kMaxReasonBytes = 1024;
inline constexpr std::size_t kStatusFrameBytes = 2048;

// Writes a complete frame into `out` and advances `chain`. Returns the frame's size, or 0 if `out`
// is too small. Cuts a long reason. Allocates nothing, because coordinators use it. REQUIRES: `out`
// is 8-byte aligned.
std::size_t encode_frame(const ProcessStatus& status, std::uint32_t& chain,
                         std::span<std::byte> out);

// Does the same for a report, which fits into kStatusFrameBytes, too.
std::size_t encode_frame(const ProcessReport& report, std::uint32_t& chain,
                         std::span<std::byte> out);

// Appends a record to `out` as a complete frame and advances `chain`. The size of `out` stays a
// multiple of 8. Returns false, and changes nothing, if the payload exceeds kMaxPayloadBytes, which
// readers refuse.
bool append_frame(const Record& record, std::uint32_t& chain, std::vector<std::byte>& out,
                  std::uint64_t position = 0);

// Returns the position that a record was appended with; 0 if it has none or is not a record.
std::uint64_t position_of(Bytes payload);

// Reads one payload. Views in the record point into `payload`. Fails with Corrupt if the payload is
// not a record; the message tells when its kind or state belongs to a later version. REQUIRES:
// `payload` is 8-byte aligned.
Result<Record> decode(Bytes payload);

// Decodes into an existing record, so that reading a long stream constructs and moves no records.
// After an error the contents of `record` are unspecified.
Status decode(Bytes payload, Record& record);

}  // namespace thermos
