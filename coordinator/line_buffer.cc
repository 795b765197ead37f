#include "coordinator/line_buffer.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace thermos::coordinator {

LineBuffer& LineBuffer::add(std::string_view text) {
  const std::size_t size = std::min(text.size(), kRoom - size_);
  std::memcpy(bytes_ + size_, text.data(), size);
  size_ += size;
  bytes_[size_] = '\0';
  return *this;
}

LineBuffer& LineBuffer::add(std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

LineBuffer& LineBuffer::add_error(int error_number) {
  // strerror() is not used, because it looks for the C library's translations and may allocate.
  const char* words = ::strerrordesc_np(error_number);
  if (words != nullptr) return add(words);
  return add("error ").add(std::int64_t{error_number});
}

void LineBuffer::print() {
  bytes_[size_] = '\n';
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, bytes_, size_ + 1);
  bytes_[size_] = '\0';
}

}  // namespace thermos::coordinator
