#include "reactor/os/program_beside.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "reactor/os/errors.h"

namespace thermos {

// /proc/self/exe names the directory even after an upgrade replaced the file; " (deleted)" then
// follows the name.
Result<std::string> program_beside(std::string_view name) {
  const std::string own = "/proc/self/exe";
  std::array<char, 4096> room;
  const ssize_t size = ::readlink(own.c_str(), room.data(), room.size());
  if (size <= 0) return system_error("cannot read " + own, errno);
  const std::string_view link(room.data(), static_cast<std::size_t>(size));
  std::string path(link.substr(0, link.rfind('/') + 1));
  path += name;
  if (::access(path.c_str(), X_OK) == 0) return path;
  if (errno != ENOENT) return system_error("cannot run " + path, errno);
  return Error{ErrorCode::NotFound, path + " was not found; install it beside this program"};
}

}  // namespace thermos
