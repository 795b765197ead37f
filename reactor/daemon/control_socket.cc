#include "reactor/daemon/control_socket.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reactor/control/control_client.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {

Result<Descriptor> listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::Usage, path + ": too long for a socket's path"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (ControlClient::connect(path)) {
    return Error{ErrorCode::Busy, path + ": another daemon listens there"};
  }
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
    return Error{ErrorCode::Usage, path + ": is there and is no socket"};
  }
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    if (auto made = make_directories(path.substr(0, slash), 0755); !made) {
      return made.error();
    }
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("no socket", errno);
  unlink(path.c_str());
  // The socket is created with the mode 0600, so that no other user can connect before its group is
  // set.
  const mode_t mask = umask(0177);
  const bool bound =
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return system_error("cannot listen at " + path, errno);
  if (geteuid() == 0) {
    if (const group* thermos = getgrnam("thermos"); thermos != nullptr) {
      if (chown(path.c_str(), 0, thermos->gr_gid) != 0) {
        return system_error("cannot give " + path + " to group thermos", errno);
      }
    }
  }
  if (chmod(path.c_str(), 0660) != 0 || ::listen(socket.get(), 256) != 0) {
    return system_error("cannot listen at " + path, errno);
  }
  return socket;
}

}  // namespace thermos
