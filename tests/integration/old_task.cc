#include "old_task.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <type_traits>
#include <variant>
#include <vector>

#include "capnp/codec.h"
#include "core/record/frame.h"
#include "waiting.h"

namespace thermos::real {
namespace {

void make_earlier(Record& record, Microseconds by) {
  std::visit(
      [by](auto& any) {
        using Kind = std::decay_t<decltype(any)>;
        if constexpr (std::is_same_v<Kind, RunnerHeader>) {
          any.launch_time -= by;
        } else if constexpr (!std::is_same_v<Kind, ProcessSummary>) {
          any.at.wall -= by;
        }
      },
      record);
}

void make_stream_older(const std::string& path, Microseconds by) {
  const std::string before = read_file(path);
  const Bytes bytes(reinterpret_cast<const std::byte*>(before.data()), before.size());
  std::vector<std::byte> stream(kStreamHeaderBytes);
  const StreamHeader header{kStreamVersion, 7};
  encode_stream_header(header,
                       std::span<std::byte, kStreamHeaderBytes>(stream.data(), stream.size()));
  std::uint32_t chain = chain_start(header.epoch);
  FrameScanner scanner(bytes);
  while (scanner.next() == Verdict::Record) {
    const std::vector<std::byte> payload(scanner.payload().begin(), scanner.payload().end());
    auto record = decode(payload);
    ASSERT_TRUE(record.ok()) << path << ": " << record.error().message;
    make_earlier(*record, by);
    ASSERT_TRUE(append_frame(*record, chain, stream));
  }
  ASSERT_EQ(scanner.offset(), before.size()) << path << ": " << scanner.why();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(stream.data()),
             static_cast<std::streamsize>(stream.size()));
  ASSERT_TRUE(file.flush()) << path;
}

}  // namespace

void make_older(const std::string& checkpoints, double seconds) {
  const auto by = static_cast<Microseconds>(seconds * static_cast<double>(kSecond));
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints)) {
    if (entry.is_regular_file()) make_stream_older(entry.path(), by);
  }
}

}  // namespace thermos::real
