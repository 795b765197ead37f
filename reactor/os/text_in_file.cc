#include "reactor/os/text_in_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace thermos {

// O_NONBLOCK: opening a FIFO of this name must not block.
TextInFile::TextInFile(const std::string& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

bool TextInFile::goes_on_with(std::string_view piece) {
  if (!fd_) return false;
  read_.resize(std::max<std::size_t>(piece.size(), 1));
  std::size_t end = 0;
  while (end < read_.size()) {
    const ssize_t got = ::read(fd_.get(), read_.data() + end, read_.size() - end);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    end += static_cast<std::size_t>(got);
  }
  return std::string_view(read_).substr(0, end) == piece;
}

}  // namespace thermos
