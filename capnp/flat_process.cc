#include "capnp/flat_process.h"

#include <bit>
#include <cstring>

#include "checkpoint.capnp.h"

namespace thermos {
namespace {

// Where the fields of the group `process` lie, in words of the struct's data. The library puts them
// there for good: no later field can move one.
constexpr std::size_t kKindStateOrigin = 0;  // 16 bits each
constexpr std::size_t kSeq = 1;
constexpr std::size_t kRunAndPid = 2;  // 32 bits each
constexpr std::size_t kTicks = 3;
constexpr std::size_t kWall = 4;
constexpr std::size_t kBoot = 5;
constexpr std::size_t kReturnCode = 6;  // 32 bits
constexpr std::size_t kBootHigh = 7;
constexpr std::size_t kBootLow = 8;
constexpr std::size_t kDataWords = 9;
// And among its pointers.
constexpr std::size_t kProcess = 0;
constexpr std::size_t kReason = 1;
constexpr std::size_t kPointers = 2;

// A field with a default is stored as its difference from that. Not known is the default.
constexpr std::uint32_t kNoReturnCode = 0;
constexpr auto kReturnCodeMask = static_cast<std::uint32_t>(-1000);

// A message's words.
class Words {
 public:
  explicit Words(Bytes payload) : payload_(payload) {}
  std::size_t size() const { return payload_.size() / sizeof(std::uint64_t); }
  std::uint64_t operator[](std::size_t index) const {
    std::uint64_t value = 0;
    std::memcpy(&value, payload_.data() + index * sizeof value, sizeof value);
    return value;
  }

  // The text that word `index` points to. False: it is none.
  bool text(std::size_t index, std::string_view& out) const {
    const std::uint64_t pointer = (*this)[index];
    out = {};
    if (pointer == 0) return true;
    // A list, kind 1, of bytes, size 2: where it starts in words, and how many there are.
    if ((pointer & 3) != 1 || (pointer >> 32 & 7) != 2) return false;
    const std::int64_t offset = static_cast<std::int32_t>(pointer & 0xffffffff) >> 2;
    const std::int64_t start = static_cast<std::int64_t>(index) + 1 + offset;
    const std::size_t bytes = pointer >> 35;
    if (bytes == 0 || start < 0 || start > static_cast<std::int64_t>(size())) return false;
    const std::size_t begin = static_cast<std::size_t>(start) * sizeof(std::uint64_t);
    if (begin + bytes > payload_.size() || payload_[begin + bytes - 1] != std::byte{0}) {
      return false;
    }
    out = {reinterpret_cast<const char*>(payload_.data()) + begin, bytes - 1};
    return true;
  }

 private:
  Bytes payload_;
};

}  // namespace

bool read_flat_process(Bytes payload, ProcessStatus& status) {
  if constexpr (std::endian::native != std::endian::little) return false;
  const Words words(payload);
  // The segment table and the root's pointer come first.
  constexpr std::size_t kData = 2;
  if (words.size() < kData + kDataWords + kPointers || payload.size() % 8 != 0) return false;
  if (words[0] != static_cast<std::uint64_t>(words.size() - 1) << 32) return false;
  const std::uint64_t root = words[1];
  const std::size_t data = root >> 32 & 0xffff;
  const std::size_t pointers = root >> 48;
  if ((root & 0xffffffff) != 0 || data < kDataWords || pointers < kPointers ||
      kData + data + pointers > words.size()) {
    return false;
  }

  const std::uint64_t first = words[kData + kKindStateOrigin];
  const std::uint64_t state = first >> 16 & 0xffff;
  const std::uint64_t origin = first >> 32 & 0xffff;
  if ((first & 0xffff) != disk::Record::PROCESS || state >= kProcessStates || origin >= kOrigins ||
      !words.text(kData + data + kProcess, status.process) || status.process.empty() ||
      !words.text(kData + data + kReason, status.reason)) {
    return false;
  }
  const std::uint64_t run_and_pid = words[kData + kRunAndPid];
  const auto code = static_cast<std::uint32_t>(words[kData + kReturnCode]);
  status.seq = words[kData + kSeq];
  status.run = static_cast<std::uint32_t>(run_and_pid);
  status.state = static_cast<ProcessState>(state);
  status.origin = static_cast<Origin>(origin);
  status.identity = {static_cast<std::int32_t>(run_and_pid >> 32), words[kData + kTicks]};
  status.boot = {words[kData + kBootHigh], words[kData + kBootLow]};
  status.at = {static_cast<Microseconds>(words[kData + kWall]),
               static_cast<Microseconds>(words[kData + kBoot])};
  status.return_code.reset();
  if (code != kNoReturnCode) status.return_code = static_cast<std::int32_t>(code ^ kReturnCodeMask);
  return true;
}

}  // namespace thermos
