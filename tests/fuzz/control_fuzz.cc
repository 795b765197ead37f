// Bytes as a stranger might send them to the daemon, through all that reads them before anyone is
// asked for leave. Two ways in turn, by the first byte: as a payload, and as a client's whole
// stream, with its checksums made true.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capnp/control.h"
#include "core/record/frame.h"
#include "input.h"

namespace thermos {
namespace {

void read_payload(Bytes bytes) {
  std::vector<std::uint64_t> words((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  const Bytes payload = std::as_bytes(std::span(words)).first(bytes.size());
  const auto request = control::decode_request(payload);
  if (request) {
    // What was read can be written, and is then of the same kind and for the same request.
    const auto written = control::encode(*request);
    if (written) {
      std::vector<std::uint64_t> again((written->size() + 7) / 8);
      std::memcpy(again.data(), written->data(), written->size());
      const auto same =
          control::decode_request(std::as_bytes(std::span(again)).first(written->size()));
      require(same.ok() && same->id == request->id && same->body.index() == request->body.index());
    }
  } else {
    require(!request.error().message.empty());
  }
  const auto reply = control::decode_reply(payload);
  require(reply.ok() || !reply.error().message.empty());
}

void read_stream(std::vector<std::byte> bytes) {
  make_true(bytes);
  FrameScanner scanner(bytes);
  while (scanner.next() == Verdict::Record) read_payload(scanner.payload());
}

}  // namespace
}  // namespace thermos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::byte> bytes = thermos::behind_first(data, size);
  if ((data[0] & 1) != 0) {
    thermos::read_stream(std::move(bytes));
  } else {
    thermos::read_payload(bytes);
  }
  return 0;
}
