// Reads a process record directly from the words of its message. A long stream consists of process
// records, and the library's accessors cost more than the rest of reading them. Private to this
// folder, for codec.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "checkpoint.capnp.h"
#include "core/record/frame.h"

namespace thermos {

// Replaces the library's reader of the group `process`; codec.cc decodes both with the same
// function. This class only knows the offset of each field, in words of the struct's data section.
// Offsets cannot change: Cap'n Proto never moves a field when later ones are added. Views point
// into the payload.
class FlatProcess {
 public:
  // Returns a process record in the usual layout: the segment table is right, the root struct
  // directly follows its pointer, and each text is null or a byte list inside the payload that ends
  // in a NUL. Returns nothing for another kind of record, and for one that the library has to
  // check. REQUIRES: `payload` is 8-byte aligned.
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
  // A field with a default is stored xor its default.
  std::int32_t getReturnCode() const {
    return static_cast<std::int32_t>(word(6)) ^ disk::NO_RETURN_CODE;
  }
  std::uint32_t getFailures() const { return static_cast<std::uint32_t>(word(6) >> 32); }
  std::uint64_t getBootHigh() const { return word(7); }
  std::uint64_t getBootLow() const { return word(8); }
  std::int64_t getCpuUser() const { return later_word(10); }
  std::int64_t getCpuSystem() const { return later_word(11); }
  std::int64_t getPeakMemory() const { return later_word(12); }
  // NOLINTEND(readability-identifier-naming)

 private:
  FlatProcess() = default;
  std::uint64_t word(std::size_t index) const {
    std::uint64_t value = 0;
    std::memcpy(&value, data_ + index * sizeof value, sizeof value);
    return value;
  }
  // A word of a later field, which many records are too short to have; its default is notKnown.
  std::int64_t later_word(std::size_t index) const {
    return static_cast<std::int64_t>(index < words_ ? word(index) : 0) ^ disk::NOT_KNOWN;
  }

  const std::byte* data_ = nullptr;
  std::size_t words_ = 0;  // of the struct's data
  std::string_view process_;
  std::string_view reason_;
};

}  // namespace thermos
