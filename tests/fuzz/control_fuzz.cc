// Bytes as a stranger might send them to the daemon, through all that reads them before anyone is
// asked for leave. Two ways in turn, by the first byte: as a payload, and as a client's whole
// stream, with its checksums made true.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "capnp/control.h"
#include "core/frame.h"

namespace thermos {
namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

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
  if (bytes.size() < kStreamHeaderBytes) return;
  encode_stream_header({}, std::span(bytes).first<kStreamHeaderBytes>());
  std::uint32_t chain = chain_start(StreamHeader{}.epoch);
  for (std::size_t at = kStreamHeaderBytes; at + frame_size(16) <= bytes.size();) {
    std::size_t length = 16 + std::to_integer<std::size_t>(bytes[at]) * 8;
    length = std::min(length, (bytes.size() - at - kFrameHeaderBytes) / 8 * 8);
    const auto words = static_cast<std::uint32_t>(length / 8 - 1);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at + 8), 4, std::byte{0});
    for (std::size_t i = 0; i < 4; ++i) bytes[at + 12 + i] = std::byte(words >> (8 * i) & 0xff);
    chain = seal_frame(chain, std::span(bytes).subspan(at), length);
    at += frame_size(length);
  }
  FrameScanner scanner(bytes);
  while (scanner.next() == Verdict::Record) read_payload(scanner.payload());
}

}  // namespace
}  // namespace thermos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::byte> bytes(size - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), data + 1, size - 1);
  if ((data[0] & 1) != 0) {
    thermos::read_stream(std::move(bytes));
  } else {
    thermos::read_payload(bytes);
  }
  return 0;
}
