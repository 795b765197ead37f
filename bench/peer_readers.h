// Readers to compare ours with. Each takes all records of a stream, looks its process up by name
// and checks its sequence number, but builds no history: less than ours does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "bench/streams.h"

namespace thermos::bench {

// How many records were read. Ends the program at anything that is wrong.

// What one would write in an afternoon: the file mapped, the checksum of each frame, the library's
// own reader of messages.
std::uint64_t read_naively_mapped(int fd, std::size_t size);
// The same without a mapping: read(2) of each frame's header, and of its payload into a buffer.
std::uint64_t read_naively_by_read(int fd);

// The same records in Thrift's binary protocol, each behind four bytes of length, as the ancestor
// framed them. Made at the first call and kept.
const ScratchFile& thrift_file(const StreamShape& shape);
// Thrift's own generated code without virtual calls, from a mapping.
std::uint64_t read_thrift(int fd, std::size_t size);

}  // namespace thermos::bench
