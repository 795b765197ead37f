// One try to connect to a socket, and, if asked, to get an HTTP answer from it. It never waits: it
// goes on when the loop says so, and its time is limited.
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
  // `text`: the status of the HTTP answer, or why it is not ready.
  using Answer = std::function<void(bool ready, const std::string& text)>;

  // `addresses` are tried in turn until one takes the connection; a Unix socket with the rights of
  // `owner`, who outlives this. An empty `request`: that is the answer. Else the request is sent,
  // and the answer is ready if its status is 200 to 399.
  // `answer` is called once, by start() or later, by `until` (boot time) at the latest. Destroying
  // this takes the question back.
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
  std::unique_ptr<Poll> poll_;  // after the socket, so that it goes first
  Microseconds until_ = 0;
  std::optional<Deadlines::Key> deadline_;  // while it is waited for
  bool connecting_ = false;
  bool answered_ = false;
  std::string head_;          // of the HTTP answer
  std::size_t received_ = 0;  // bytes of it
};

}  // namespace thermos
