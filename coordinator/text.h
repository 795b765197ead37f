// A line of text of bounded length that needs no memory but its own: a coordinator allocates
// nothing, and every page that it touches is its own cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thermos::coordinator {

class Text {
 public:
  Text() { bytes_[0] = '\0'; }
  // What no longer fits is cut.
  Text& add(std::string_view text);
  Text& add(std::int64_t number);
  // The system's words for an errno, never translated.
  Text& add_error(int error_number);

  std::string_view view() const { return {bytes_, size_}; }
  // NUL-terminated.
  const char* c_str() const { return bytes_; }
  // Writes it and a newline to stderr.
  void print();

 private:
  static constexpr std::size_t kRoom = 1024;
  std::size_t size_ = 0;
  char bytes_[kRoom + 2];  // not zeroed: only what add() fills is read
};

}  // namespace thermos::coordinator
