#include "reactor/commands/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

Error failed(const std::string& file, int number) {
  Error error = system_error(file, number);
  if (number == EROFS) error.code = ErrorCode::NotPermitted;
  return error;
}

}  // namespace

Status write_new_file(std::string_view command, const std::string& file, std::string_view text) {
  const Descriptor made(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!made && errno == EEXIST) {
    return Error{ErrorCode::Usage, std::string(command) + ": " + file +
                                       " exists already, and is left as it is; name another FILE"};
  }
  if (!made) return failed(file, errno);
  while (!text.empty()) {
    const ssize_t written = ::write(made.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int number = errno;
      ::unlink(file.c_str());
      return failed(file, number);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return Done{};
}

}  // namespace thermos
