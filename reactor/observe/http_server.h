// Serves HTTP on the observer's loop, by libmicrohttpd. The library has no thread and no timer of
// its own here: the loop watches its epoll descriptor, and the time until it wants to be called is
// one of the loop's deadlines. An idle server, also one with open streams, does not wake up.
//
// Why libmicrohttpd (0.9.75 in Debian 12) and not libwebsockets (4.1.6 with its libuv plugin),
// after a trial of both with a Unix socket and a stream of server-sent events:
// - Both slept while a stream was open and idle. When the stream's reader went away,
//   libwebsockets 4.1.6 did not close the stream and spun: 7,700 turns of the loop in 0.3 s.
// - libmicrohttpd can suspend a connection, which then costs no turn and has no timeout. It does
//   not watch a suspended socket, so HttpServer does (Poll with UV_DISCONNECT); the trial showed
//   that this works.
// - The library asks for a body only as the client takes it, 16 KiB at a time. This is the
//   back-pressure.
// - The memory of a connection has a limit (MHD_OPTION_CONNECTION_MEMORY_LIMIT). A request whose
//   head is longer gets a 431.
// - HttpServer accepts the clients itself (Listener, MHD_add_connection), so it can choose which
//   client to drop when there are too many.
// - Its one dependency is GnuTLS, which is not used here. libwebsockets needs OpenSSL, libcap and a
//   plugin that it opens at run time.
// With either library, the Range header is left to this project (byte_range.h).
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
  // The limit of connections at a time. A further client takes the place of the connection that has
  // been without a request for longest. If all connections have a request under way, the further
  // client gets a 503.
  static constexpr std::size_t kMostConnections = 512;
  // The limit of connections that are streams, so that there is room for other requests.
  static constexpr std::size_t kMostStreams = 256;

  // `socket` is listening and non-blocking. Fails with System.
  static Result<std::unique_ptr<HttpServer>> start(Loop& loop, Deadlines& deadlines,
                                                   Descriptor socket, Ask ask);
  // REQUIRES: not called from one of this server's callbacks.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Callbacks;  // the C callbacks that the library calls
  struct Connection {
    // The order in which connections began to wait for a request.
    std::uint64_t since = 0;
    std::optional<Deadlines::Key> patience;  // while no request is under way; closes the connection
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
  std::set<OpenExchange*> exchanges_;  // the requests under way
  // Connections without a request, the longest waiting first.
  std::map<std::uint64_t, int> waiting_;
  std::uint64_t order_ = 0;
  std::size_t streams_ = 0;
  std::optional<Deadlines::Key> timeout_;
  // Calls run() after a connection was resumed: the library's epoll descriptor does not become
  // ready then.
  WhileBusy soon_;
  std::unique_ptr<Poll> poll_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace thermos::observe
