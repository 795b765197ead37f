#include "capnp/flat_process.h"

#include <bit>
#include <cstring>

namespace thermos {
namespace {

// The words of the root struct's data that must be there, and which of its pointers are the texts.
constexpr std::size_t kDataWords = 9;
constexpr std::size_t kProcess = 0;
constexpr std::size_t kReason = 1;
constexpr std::size_t kPointers = 2;

// The words of a message.
class Words {
 public:
  explicit Words(Bytes payload) : payload_(payload) {}
  std::size_t size() const { return payload_.size() / sizeof(std::uint64_t); }
  std::uint64_t operator[](std::size_t index) const {
    std::uint64_t value = 0;
    std::memcpy(&value, payload_.data() + index * sizeof value, sizeof value);
    return value;
  }

  // Sets the text that word `index` points to. False if the word is not a pointer to a text.
  bool text(std::size_t index, std::string_view& out) const {
    const std::uint64_t pointer = (*this)[index];
    out = {};
    if (pointer == 0) return true;
    // A list pointer (kind 1) to bytes (size 2): the offset in words, and the number of bytes.
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

std::optional<FlatProcess> FlatProcess::find(Bytes payload) {
  std::optional<FlatProcess> found;
  if constexpr (std::endian::native != std::endian::little) return found;
  const Words words(payload);
  // The struct follows the segment table and the root pointer.
  constexpr std::size_t kData = 2;
  if (words.size() < kData + kDataWords + kPointers || payload.size() % 8 != 0) return found;
  if (words[0] != static_cast<std::uint64_t>(words.size() - 1) << 32) return found;
  const std::uint64_t root = words[1];
  const std::size_t data = root >> 32 & 0xffff;
  const std::size_t pointers = root >> 48;
  if ((root & 0xffffffff) != 0 || data < kDataWords || pointers < kPointers ||
      kData + data + pointers > words.size() || (words[kData] & 0xffff) != disk::Record::PROCESS) {
    return found;
  }
  FlatProcess process;
  process.data_ = payload.data() + kData * sizeof(std::uint64_t);
  process.words_ = data;
  if (words.text(kData + data + kProcess, process.process_) &&
      words.text(kData + data + kReason, process.reason_)) {
    found = process;
  }
  return found;
}

}  // namespace thermos
