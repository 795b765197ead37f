#include "reactor/daemon/control_socket.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reactor/control/control_client.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;

// Where a socket for `path` is bound before it listens. A path that leaves no room for another name
// is its own: who connects before the socket listens is refused then, and sees its mode change when
// it does (IN_ATTRIB).
std::string unready_name(const std::string& path) {
  std::string name = path + ".new";
  return name.size() > kLongest ? path : name;
}

// Nothing is there but what a dead daemon left. A name aside may be another daemon's own.
Status check_free(const std::string& path) {
  if (ControlClient::connect(path)) {
    return Error{ErrorCode::Busy, path + ": another daemon listens there"};
  }
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
    return Error{ErrorCode::Usage, path + ": is there and is no socket"};
  }
  return Done{};
}

bool bind_at(const Descriptor& socket, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // Nobody may connect before the group is right.
  const mode_t mask = umask(0177);
  const int bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(mask);
  return bound == 0;
}

}  // namespace

Result<Descriptor> listen_at(const std::string& path) {
  if (path.size() > kLongest) {
    return Error{ErrorCode::Usage, path + ": too long for a socket's path"};
  }
  const std::string unready = unready_name(path);
  if (auto free = check_free(path); !free) return free.error();
  if (auto free = check_free(unready); !free) return free.error();
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    if (auto made = make_directories(path.substr(0, slash), 0755); !made) {
      return made.error();
    }
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("no socket", errno);
  unlink(unready.c_str());
  if (!bind_at(socket, unready)) return system_error("cannot listen at " + path, errno);
  const auto failure = [&unready](const std::string& what) {
    Error error = system_error(what, errno);
    unlink(unready.c_str());
    return error;
  };
  if (::listen(socket.get(), 256) != 0) return failure("cannot listen at " + path);
  if (geteuid() == 0) {
    if (const group* thermos = getgrnam("thermos"); thermos != nullptr) {
      if (chown(unready.c_str(), 0, thermos->gr_gid) != 0) {
        return failure("cannot give " + path + " to group thermos");
      }
    }
  }
  if (chmod(unready.c_str(), 0660) != 0 || rename(unready.c_str(), path.c_str()) != 0) {
    return failure("cannot listen at " + path);
  }
  return socket;
}

bool is_bound_for(const std::string& address, const std::string& path) {
  return address == path || address == unready_name(path);
}

}  // namespace thermos
