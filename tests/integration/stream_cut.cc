#include "stream_cut.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "core/frame.h"
#include "waiting.h"

namespace thermos::real {
namespace {

// Where the record that begins at `offset` ends; 0: none does.
std::size_t end_of_record(const std::string& stream, std::size_t offset) {
  std::uint32_t payload = 0;
  if (offset + kFrameHeaderBytes > stream.size()) return 0;
  std::memcpy(&payload, stream.data() + offset, sizeof payload);
  const std::size_t end = offset + kFrameHeaderBytes + payload;
  return end <= stream.size() ? end : 0;
}

}  // namespace

int count_records(const std::string& path) {
  const std::string stream = read_file(path);
  int count = 0;
  for (std::size_t end = kStreamHeaderBytes; (end = end_of_record(stream, end)) != 0;) ++count;
  return count;
}

void cut_off(const std::string& path, int records) {
  const std::string stream = read_file(path);
  std::size_t end = kStreamHeaderBytes;
  for (; records > 0; --records) {
    end = end_of_record(stream, end);
    ASSERT_NE(end, 0U) << path << " has " << records << " records too few";
  }
  std::filesystem::resize_file(path, end);
}

}  // namespace thermos::real
