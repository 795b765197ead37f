// One attempt to connect to a socket and, with a request, to get an HTTP answer from it. No call
// blocks: the probe goes on at events of the loop, and its time is limited.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

class ConnectionProbe {
 public:
  // `text` is the status of the HTTP answer, or tells why the process is not ready.
  using Answer = std::function<void(bool ready, const std::string& text)>;

  // Tries `addresses` in turn until one accepts the connection; a Unix socket with the rights of
  // `owner`, which outlives this. With an empty `request`, the process is ready if the connection
  // is accepted. Otherwise the request is sent, and the process is ready if the HTTP status is 200
  // to 399. `answer` is called once, inside start() or later, at the latest at `until` (boot time).
  // If this is destroyed before, `answer` is not called.
  ConnectionProbe(Loop& loop, Deadlines& deadlines, const FileOwner& owner,
                  std::vector<SocketAddress> addresses, std::string request, Answer answer);
  ~ConnectionProbe();
  ConnectionProbe(const ConnectionProbe&) = delete;
  ConnectionProbe& operator=(const ConnectionProbe&) = delete;

  void start(Microseconds until);

 private:
  void connect_next();
  int connect(const SocketAddress& to) const;
  void refused(int error_number);
  void connected();
  bool met_itself() const;
  void watch(int events);
  void on_event();
  void look_for_answer();
  void read_answer();
  bool take(std::string_view bytes);
  void judge(const std::string& line);
  void say(bool ready, const std::string& text);
  void close();

  Loop& loop_;
  Deadlines& deadlines_;
  const FileOwner& owner_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  std::string request_;
  Answer answer_;
  Descriptor socket_;
  std::unique_ptr<Poll> poll_;  // after the socket, so that it is destroyed first
  Microseconds until_ = 0;
  // Set while the probe waits for the socket or the answer.
  std::optional<Deadlines::Key> deadline_;
  bool connecting_ = false;
  bool answered_ = false;
  std::string head_;          // the start of the HTTP answer
  std::size_t received_ = 0;  // bytes of the HTTP answer
};

}  // namespace thermos
