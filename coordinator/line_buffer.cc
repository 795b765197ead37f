#include "coordinator/line_buffer.h"

#include <unistd.h>

#include <charconv>
#include <cstring>

#include "core/base/utf8.h"

namespace thermos::coordinator {

LineBuffer& LineBuffer::add(std::string_view text) {
  if (full_) return *this;
  const std::size_t size = utf8_boundary(text, kRoom - size_);
  full_ = size < text.size();
  std::memcpy(bytes_ + size_, text.data(), size);
  size_ += size;
  bytes_[size_] = '\0';
  return *this;
}

LineBuffer& LineBuffer::add(std::string_view text, std::size_t most) {
  return add(text.substr(0, utf8_boundary(text, most)));
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
