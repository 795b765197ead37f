// Bytes as they might lie on a disk, through all that reads them. Two ways in turn, by the first
// byte: raw, and with every checksum made true, so that the fuzzer gets past them to the decoder.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capnp/codec.h"
#include "core/crc32c.h"
#include "core/frame.h"
#include "core/history.h"

namespace thermos {
namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

// Gives the bytes a true header, and each frame that they seem to have a true length, segment table
// and checksum.
void make_true(std::vector<std::byte>& bytes) {
  if (bytes.size() < kStreamHeaderBytes) return;
  encode_stream_header({}, std::span(bytes).first<kStreamHeaderBytes>());
  std::uint32_t chain = chain_start(StreamHeader{}.epoch);
  for (std::size_t at = kStreamHeaderBytes; at + frame_size(16) <= bytes.size();) {
    std::size_t length = 16 + std::to_integer<std::size_t>(bytes[at]) * 8;
    length = std::min(length, (bytes.size() - at - kFrameHeaderBytes) / 8 * 8);
    const auto words = static_cast<std::uint32_t>(length / 8 - 1);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at + 8), 8, std::byte{0});
    for (std::size_t i = 0; i < 4; ++i) bytes[at + 12 + i] = std::byte(words >> (8 * i) & 0xff);
    chain = seal_frame(chain, std::span(bytes).subspan(at), length);
    at += frame_size(length);
  }
}

void read_all(const std::vector<std::byte>& bytes) {
  FrameScanner scanner(bytes);
  History history;
  std::size_t before = 0;
  Verdict verdict = Verdict::End;
  while ((verdict = scanner.next()) == Verdict::Record) {
    require(scanner.offset() > before && scanner.offset() <= bytes.size());
    require(scanner.offset() % 8 == 0);
    before = scanner.offset();
    const auto record = decode(scanner.payload());
    if (!record) {
      require(record.error().code == ErrorCode::Corrupt && !record.error().message.empty());
      continue;
    }
    // What was read can be written and is read again as the same.
    std::vector<std::byte> frame;
    std::uint32_t chain = 0;
    require(append_frame(*record, chain, frame));
    const auto again = decode(Bytes(frame).subspan(kFrameHeaderBytes));
    require(again.ok());
    const auto* task = std::get_if<TaskStatus>(&*record);
    const auto* process = std::get_if<ProcessStatus>(&*record);
    const bool cut = (task != nullptr && task->reason.size() > kMaxReasonBytes) ||
                     (process != nullptr && process->reason.size() > kMaxReasonBytes);
    require(cut || *again == *record);
    const auto applied = history.apply(*record);
    require(applied.ok() || applied.error().code == ErrorCode::Corrupt);
  }
  require(scanner.next() == verdict);
  require(verdict != Verdict::End || scanner.offset() == bytes.size());
  require(verdict == Verdict::End || !scanner.why().empty());
}

}  // namespace
}  // namespace thermos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::byte> bytes(size - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), data + 1, size - 1);
  if ((data[0] & 1) != 0) thermos::make_true(bytes);
  thermos::read_all(bytes);
  return 0;
}
