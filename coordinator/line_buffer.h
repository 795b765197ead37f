// A line of text of bounded length in a fixed buffer. Coordinators use it because they allocate
// nothing, and every page that one writes to becomes its private memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thermos::coordinator {

class LineBuffer {
 public:
  LineBuffer() { bytes_[0] = '\0'; }
  // Text that does not fit into 1024 bytes is cut off between two characters. Nothing can be added
  // behind the cut.
  LineBuffer& add(std::string_view text);
  // Adds no more than `most` bytes of it, cut likewise. More can be added behind them.
  LineBuffer& add(std::string_view text, std::size_t most);
  LineBuffer& add(std::int64_t number);
  // Adds the text of an errno in English, whatever the locale.
  LineBuffer& add_error(int error_number);

  std::string_view view() const { return {bytes_, size_}; }
  // Returns the line with a NUL behind it.
  const char* c_str() const { return bytes_; }
  // Writes the line and a newline to stderr.
  void print();

 private:
  static constexpr std::size_t kRoom = 1024;
  std::size_t size_ = 0;
  bool full_ = false;      // something was cut off its end
  char bytes_[kRoom + 2];  // not zeroed: only what add() fills is read
};

}  // namespace thermos::coordinator
