#include "free_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace thermos::real {

Words free_ports(const Words& names) {
  Words words;
  std::vector<int> sockets;
  for (const std::string& name : names) {
    sockets.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(sockets.back(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    words.insert(words.end(), {"-P", name + ":" + std::to_string(ntohs(address.sin_port))});
  }
  for (const int fd : sockets) close(fd);
  return words;
}

}  // namespace thermos::real
