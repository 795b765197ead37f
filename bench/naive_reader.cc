#include <capnp/serialize.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>

#include "bench/peer_readers.h"
#include "checkpoint.capnp.h"
#include "core/base/crc32c.h"

namespace thermos::bench {
namespace {

[[noreturn]] void reject(const char* what) {
  std::fprintf(stderr, "naive reader: %s\n", what);
  std::exit(1);
}

std::uint32_t word(const std::byte* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint32_t start_of_chain(const std::byte* header) {
  return crc32c(0, {header + 16, 8});
}

class Sequences {
 public:
  void check(Bytes payload) {
    const auto* const words = reinterpret_cast<const capnp::word*>(payload.data());
    capnp::FlatArrayMessageReader message(kj::arrayPtr(words, payload.size() / 8));
    const auto record = message.getRoot<disk::Record>();
    ++records_;
    if (record.which() != disk::Record::PROCESS) return;
    const auto process = record.getProcess();
    std::uint64_t& next = next_[std::string(process.getProcess().cStr())];
    if (process.getSeq() != next) reject("a gap in a sequence");
    ++next;
  }
  std::uint64_t records() const { return records_; }

 private:
  std::unordered_map<std::string, std::uint64_t> next_;
  std::uint64_t records_ = 0;
};

void check_crc(std::uint32_t& chain, const std::byte* frame, Bytes payload) {
  chain = crc32c(crc32c(chain, {frame, 4}), payload);
  if (chain != word(frame + 4)) reject("a wrong checksum");
}

}  // namespace

std::uint64_t read_naively_mapped(int fd, std::size_t size) {
  const Mapping mapping(fd, size);
  const std::byte* const file = mapping.bytes().data();
  std::uint32_t chain = start_of_chain(file);
  Sequences sequences;
  for (std::size_t at = kStreamHeaderBytes; at < size;) {
    const Bytes payload(file + at + kFrameHeaderBytes, word(file + at));
    check_crc(chain, file + at, payload);
    sequences.check(payload);
    at += kFrameHeaderBytes + payload.size();
  }
  return sequences.records();
}

std::uint64_t read_naively_by_read(int fd) {
  alignas(8) std::array<std::byte, 65536> room;
  ::lseek(fd, 0, SEEK_SET);
  if (::read(fd, room.data(), kStreamHeaderBytes) != kStreamHeaderBytes) reject("no header");
  std::uint32_t chain = start_of_chain(room.data());
  std::array<std::byte, kFrameHeaderBytes> frame;
  Sequences sequences;
  while (::read(fd, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size())) {
    const std::size_t length = word(frame.data());
    if (length > room.size() || ::read(fd, room.data(), length) != static_cast<ssize_t>(length)) {
      reject("a short record");
    }
    const Bytes payload = Bytes(room).first(length);
    check_crc(chain, frame.data(), payload);
    sequences.check(payload);
  }
  return sequences.records();
}

}  // namespace thermos::bench
