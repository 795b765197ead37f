#include "reactor/cli/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "reactor/os/errors.h"

namespace thermos {

Result<std::uint16_t> FreePorts::take() {
  const auto failure = [] { return system_error("no free port", errno); };
  for (;;) {
    Descriptor holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!holder) return failure();
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof any;
    auto* address = reinterpret_cast<sockaddr*>(&any);
    if (::bind(holder.get(), address, size) != 0) return failure();
    if (::getsockname(holder.get(), address, &size) != 0) return failure();
    const std::uint16_t port = ntohs(any.sin_port);
    held_.push_back(std::move(holder));
    // A port of `taken` stays bound too; otherwise the kernel would return it again.
    if (taken_.insert(port).second) return port;
  }
}

}  // namespace thermos
