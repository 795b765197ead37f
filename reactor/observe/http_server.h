// HTTP on our loop, by libmicrohttpd. It has no thread and no timer of its own here: its epoll
// descriptor is one that the loop watches, and the time until it wants to be called is one of the
// loop's deadlines. An idle server, also one with open streams, does not wake up.
//
// Why libmicrohttpd (0.9.75 in Debian 12) and not libwebsockets (4.1.6 with its libuv plugin),
// after a trial of both with a Unix socket and a stream of server-sent events:
// - Both slept while a stream was open and idle. When the stream's reader went away,
//   libwebsockets 4.1.6 did not close the stream and spun: 7,700 turns of the loop in 0.3 s.
// - libmicrohttpd can suspend a connection, which then costs no turn and has no timeout. It does
// not
//   look at a suspended socket, so we do (Poll with UV_DISCONNECT), which the trial showed to work.
// - A body is asked for as its reader takes it: that is the back-pressure, 16 KiB at a time.
// - Memory of a connection has a limit (MHD_OPTION_CONNECTION_MEMORY_LIMIT); a longer head is 431.
// - We accept the clients (Listener, MHD_add_connection), so that we choose whom to drop in a
// crowd.
// - Its one dependency is GnuTLS, which is not used here; libwebsockets wants OpenSSL, libcap and a
//   plugin that it opens at run time. Range is ours in either (byte_range.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/base/result.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/listener.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/http.h"
#include "reactor/os/descriptor.h"

struct MHD_Daemon;
struct MHD_Connection;

namespace thermos::observe {

class HttpServer {
 public:
  // So many connections at a time. One more takes the place of the one that has waited longest
  // without asking for anything; where all are being answered, it gets a 503.
  static constexpr std::size_t kMostConnections = 512;
  // So many of them may be streams, so that there is room for other requests.
  static constexpr std::size_t kMostStreams = 256;

  // `socket` is listening and non-blocking. Fails with System.
  static Result<std::unique_ptr<HttpServer>> start(Loop& loop, Deadlines& deadlines,
                                                   Descriptor socket, Ask ask);
  // REQUIRES: no callback of it is under way.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Callbacks;  // those of the library, which are C
  struct Connection {
    std::uint64_t since = 0;                 // the order in which they began to wait
    std::optional<Deadlines::Key> patience;  // while it asks for nothing
  };
  class OpenExchange;

  HttpServer(Loop& loop, Deadlines& deadlines, Ask ask);
  void run();
  void admit(Descriptor client);
  bool make_room();
  void wait_for_request(int fd, Microseconds patience);
  void has_request(int fd);
  void closed(int fd);

  Loop& loop_;
  Deadlines& deadlines_;
  Ask ask_;
  MHD_Daemon* daemon_ = nullptr;
  std::map<int, Connection> connections_;
  std::set<OpenExchange*> exchanges_;     // the requests under way
  std::map<std::uint64_t, int> waiting_;  // those that ask for nothing, the longest first
  std::uint64_t order_ = 0;
  std::size_t streams_ = 0;
  std::optional<Deadlines::Key> timeout_;
  WhileBusy soon_;  // a connection was resumed, which the library does not tell its descriptor
  std::unique_ptr<Poll> poll_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace thermos::observe
