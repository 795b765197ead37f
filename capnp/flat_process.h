// A process's record, read straight from the words of its message: the library's own way to them
// costs more than the rest of reading a record, and a long stream is nearly all process records.
// Private to this room, for codec.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "checkpoint.capnp.h"
#include "core/record/frame.h"

namespace thermos {

// Stands in for the library's reader of the group `process`: what a field means is codec.cc's
// business, for both alike. Here is only where each lies, in words of the struct's data; the
// library puts it there for good, and no later field can move one. Views point into the payload.
class FlatProcess {
 public:
  // Nothing: it is another kind of record, or one that only the library can judge. A FlatProcess
  // only if all that is looked at is in its place: the segment table says the truth, the root
  // struct follows its pointer, and its texts are null or byte lists inside the payload that end in
  // a NUL. REQUIRES: payload is 8-byte aligned.
  static std::optional<FlatProcess> find(Bytes payload);

  // NOLINTBEGIN(readability-identifier-naming): the names of the library's reader
  std::string_view getProcess() const { return process_; }
  std::string_view getReason() const { return reason_; }
  disk::ProcessState getState() const { return disk::ProcessState(word(0) >> 16 & 0xffff); }
  disk::Origin getOrigin() const { return disk::Origin(word(0) >> 32 & 0xffff); }
  std::uint64_t getSeq() const { return word(1); }
  std::uint32_t getRun() const { return static_cast<std::uint32_t>(word(2)); }
  std::int32_t getPid() const { return static_cast<std::int32_t>(word(2) >> 32); }
  std::uint64_t getTicks() const { return word(3); }
  std::int64_t getWall() const { return static_cast<std::int64_t>(word(4)); }
  std::int64_t getBoot() const { return static_cast<std::int64_t>(word(5)); }
  // A field with a default is stored as its difference from that.
  std::int32_t getReturnCode() const {
    return static_cast<std::int32_t>(word(6)) ^ disk::NO_RETURN_CODE;
  }
  std::uint64_t getBootHigh() const { return word(7); }
  std::uint64_t getBootLow() const { return word(8); }
  // NOLINTEND(readability-identifier-naming)

 private:
  FlatProcess() = default;
  std::uint64_t word(std::size_t index) const {
    std::uint64_t value = 0;
    std::memcpy(&value, data_ + index * sizeof value, sizeof value);
    return value;
  }

  const std::byte* data_ = nullptr;
  std::string_view process_;
  std::string_view reason_;
};

}  // namespace thermos
