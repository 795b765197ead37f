#include "stream_cut.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "core/record/frame.h"
#include "waiting.h"

namespace thermos::real {

std::vector<std::size_t> ends_of_records(const std::string& path) {
  const std::string stream = read_file(path);
  std::vector<std::size_t> ends;
  for (std::size_t end = kStreamHeaderBytes; end + kFrameHeaderBytes <= stream.size();) {
    std::uint32_t payload = 0;
    std::memcpy(&payload, stream.data() + end, sizeof payload);
    end += kFrameHeaderBytes + payload;
    if (end > stream.size()) break;
    ends.push_back(end);
  }
  return ends;
}

void cut_off(const std::string& path, int records) {
  const std::vector<std::size_t> ends = ends_of_records(path);
  ASSERT_LE(static_cast<std::size_t>(records), ends.size()) << path;
  std::filesystem::resize_file(
      path, records == 0 ? kStreamHeaderBytes : ends[static_cast<std::size_t>(records) - 1]);
}

}  // namespace thermos::real
