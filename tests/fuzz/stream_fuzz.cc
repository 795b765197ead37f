// Bytes as they might lie on a disk, through all that reads them. Two ways in turn, by the first
// byte: raw, and with every checksum made true, so that the fuzzer gets past them to the decoder.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capnp/codec.h"
#include "core/record/frame.h"
#include "core/record/history.h"
#include "input.h"

namespace thermos {
namespace {

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
  std::vector<std::byte> bytes = thermos::behind_first(data, size);
  if ((data[0] & 1) != 0) thermos::make_true(bytes);
  thermos::read_all(bytes);
  return 0;
}
