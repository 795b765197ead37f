// Readers to compare ours with. Each reads all records of a stream, looks up the process by name
// and checks the sequence number. Unlike ours, they build no history.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "bench/streams.h"

namespace thermos::bench {

// All return the number of records read, and end the program after any error.

// A straightforward reader: it maps the file, checks each frame's checksum, and uses Cap'n Proto's
// reader.
std::uint64_t read_naively_mapped(int fd, std::size_t size);
// The same without a mapping: it calls read(2) for each frame's header and for each payload.
std::uint64_t read_naively_by_read(int fd);

// The same records in Thrift's binary protocol, each after a length of four bytes, the framing of
// Aurora's Thermos. The file is created at the first call and kept.
const ScratchFile& thrift_file(const StreamShape& shape);
// Reads them with Thrift's generated code without virtual calls, from a mapping.
std::uint64_t read_thrift(int fd, std::size_t size);

}  // namespace thermos::bench
