#include "reactor/observe/http_server.h"

#include <microhttpd.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

#include "reactor/observe/route.h"
#include "reactor/os/errors.h"

namespace thermos::observe {
namespace {

// The size of one connection's buffers. A request's head must fit.
constexpr std::size_t kConnectionBytes = std::size_t{32} * 1024;
constexpr std::size_t kBlock = std::size_t{16} * 1024;
// The time limits from the connection to the end of the first request's head, and from one request
// to the next. A client that sends its head a byte at a time does not get more time.
constexpr Microseconds kFirstRequest = 10 * kSecond;
constexpr Microseconds kNextRequest = 60 * kSecond;
// The connection of a client that takes nothing of a reply for so long is closed.
constexpr unsigned kIdleSeconds = 60;

constexpr std::array<std::pair<const char*, const char*>, 6> kHeaders = {{
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
}};

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Type: text/plain\r\nContent-Length: 47\r\n\r\n"
    "too many clients are being served; try it later";

// Logs a message of the library, which may quote a client.
[[gnu::format(printf, 2, 0)]] void log_words(void* /*unused*/, const char* format,
                                             std::va_list arguments) {
  std::array<char, 256> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line(text.data());
  if (line.ends_with('\n')) line.remove_suffix(1);
  spdlog::debug("http: {}", line);
}

std::optional<std::string_view> header_of(MHD_Connection* connection, const char* name) {
  const char* const value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

int descriptor_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* const info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == nullptr ? -1 : info->connect_fd;
}

// Whether the request has a body, which no valid request to this server has.
bool has_body(MHD_Connection* connection) {
  const auto length = header_of(connection, "Content-Length");
  return header_of(connection, "Transfer-Encoding") || (length && *length != "0");
}

Reply plain(unsigned status, std::string_view text) {
  return {status, "text/plain; charset=utf-8", {}, text_body(std::string(text) + "\n")};
}

}  // namespace

// A request under way. The library's connection and the code that will reply share its ownership.
class HttpServer::OpenExchange : public Exchange,
                                 public std::enable_shared_from_this<OpenExchange> {
 public:
  OpenExchange(HttpServer& server, std::string target)
      : server_(server), target_(std::move(target)) {
    server.exchanges_.insert(this);
  }

  void reply(Reply reply) override {
    if (gone_) return;
    reply_ = std::move(reply);
    resume();
  }
  bool gone() const override { return gone_; }

  // Called by the library when the head has arrived, when the request is complete, and when the
  // connection was resumed. A reply at the first of these calls makes the library close the
  // connection, because more of the request might follow.
  MHD_Result go_on(MHD_Connection* connection, std::string_view method) {
    if (connection_ == nullptr) {
      connection_ = connection;
      server_.has_request(descriptor_of(connection));
      refuse(method);
      return reply_ ? queue() : MHD_YES;
    }
    if (!std::exchange(asked_, true)) ask(method);
    if (left_) return MHD_NO;
    if (reply_) return queue();
    suspend();
    return MHD_YES;
  }

  // The library has finished the request. The connection may serve another request.
  void end() {
    gone_ = true;
    server_.exchanges_.erase(this);
    watch_.reset();
    if (std::exchange(is_stream_, false)) --server_.streams_;
    if (connection_ != nullptr) {
      server_.wait_for_request(descriptor_of(connection_), kNextRequest);
    }
    connection_ = nullptr;
  }

  // The client has closed the connection, or the server stops.
  void leave() {
    left_ = true;
    if (watch_) watch_->watch(0);
    resume();
  }

 private:
  // A body that the library reads, and its request.
  struct Reading {
    std::shared_ptr<OpenExchange> exchange;
    std::unique_ptr<Body> body;
  };

  void refuse(std::string_view method) {
    if (method != "GET" && method != "HEAD") {
      reply_ = plain(405, "here one can only look: GET and HEAD");
      reply_->headers.emplace_back("Allow", "GET, HEAD");
    } else if (has_body(connection_)) {
      reply_ = plain(400, "a request here has no body");
    }
  }

  void ask(std::string_view method) {
    const Target target = split_target(target_);
    Request request;
    request.method = method;
    request.credentials = {header_of(connection_, "Host"),
                           header_of(connection_, "Origin"),
                           header_of(connection_, "Sec-Fetch-Site"),
                           header_of(connection_, "Cookie"),
                           header_of(connection_, "Authorization"),
                           target.path,
                           target.query};
    request.range = header_of(connection_, "Range");
    request.last_event_id = header_of(connection_, "Last-Event-ID");
    const auto encodings = header_of(connection_, "Accept-Encoding");
    request.takes_gzip = encodings && encodings->find("gzip") != std::string_view::npos;
    // No exception may pass through the library, which is written in C.
    try {
      server_.ask_(request, shared_from_this());
    } catch (const std::exception& failure) {
      spdlog::error("{}: {}", target_, failure.what());
      if (!reply_) reply_ = plain(500, "this can't be answered");
    }
  }

  MHD_Result queue() {
    Reply reply = std::move(*reply_);
    reply_.reset();
    if (reply.body->is_stream()) {
      if (server_.streams_ >= kMostStreams) {
        reply = plain(503, "too many streams are open; try it later");
        reply.headers.emplace_back("Retry-After", "5");
      } else {
        ++server_.streams_;
        is_stream_ = true;
      }
    }
    reply.body->on_more([this] { resume(); });
    const std::uint64_t size = reply.body->size().value_or(MHD_SIZE_UNKNOWN);
    auto* const reading = new Reading{shared_from_this(), std::move(reply.body)};
    MHD_Response* const response = MHD_create_response_from_callback(
        size, kBlock, read, reading, [](void* closure) { delete static_cast<Reading*>(closure); });
    if (response == nullptr) {
      delete reading;
      return MHD_NO;
    }
    for (const auto& [name, value] : kHeaders) MHD_add_response_header(response, name, value);
    MHD_add_response_header(response, "Content-Type", reply.type.c_str());
    for (const auto& [name, value] : reply.headers) {
      MHD_add_response_header(response, name.c_str(), value.c_str());
    }
    const MHD_Result queued = MHD_queue_response(connection_, reply.status, response);
    MHD_destroy_response(response);
    return queued;
  }

  static ssize_t read(void* closure, std::uint64_t /*at*/, char* room, std::size_t size) {
    auto* const reading = static_cast<Reading*>(closure);
    if (reading->exchange->left_) return MHD_CONTENT_READER_END_WITH_ERROR;
    Body::Given given{Body::Next::Broken, 0};
    try {
      given = reading->body->read({room, size});
    } catch (const std::exception& failure) {
      spdlog::error("{}: {}", reading->exchange->target_, failure.what());
    }
    switch (given.next) {
      case Body::Next::Bytes:
        return static_cast<ssize_t>(given.bytes);
      case Body::Next::Wait:
        reading->exchange->suspend();
        return 0;
      case Body::Next::End:
        return MHD_CONTENT_READER_END_OF_STREAM;
      case Body::Next::Broken:
        break;
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }

  void suspend() {
    if (std::exchange(suspended_, true)) return;
    MHD_suspend_connection(connection_);
    if (!watch_) {
      watch_ = std::make_unique<Poll>(server_.loop_, descriptor_of(connection_),
                                      [this](int) { leave(); });
    }
    watch_->watch(UV_DISCONNECT);
  }

  void resume() {
    if (gone_ || !std::exchange(suspended_, false)) return;
    if (watch_) watch_->watch(0);
    MHD_resume_connection(connection_);
    server_.soon_.on();
  }

  HttpServer& server_;
  std::string target_;
  MHD_Connection* connection_ = nullptr;
  std::optional<Reply> reply_;
  std::unique_ptr<Poll> watch_;  // notices that the client of a suspended connection has gone
  bool asked_ = false;
  bool suspended_ = false;
  bool left_ = false;  // leave() was called
  bool gone_ = false;
  bool is_stream_ = false;
};

struct HttpServer::Callbacks {
  using Held = std::shared_ptr<OpenExchange>;

  static void* began(void* server, const char* target, MHD_Connection* /*connection*/) {
    return new Held(std::make_shared<OpenExchange>(*static_cast<HttpServer*>(server), target));
  }

  static MHD_Result ask(void* /*server*/, MHD_Connection* connection, const char* /*url*/,
                        const char* method, const char* /*version*/, const char* /*data*/,
                        std::size_t* /*data_size*/, void** asked) {
    return (*static_cast<Held*>(*asked))->go_on(connection, method);
  }

  static void completed(void* /*server*/, MHD_Connection* /*connection*/, void** asked,
                        MHD_RequestTerminationCode /*why*/) {
    auto* const held = static_cast<Held*>(*asked);
    if (held == nullptr) return;
    (*held)->end();
    delete held;
    *asked = nullptr;
  }

  static void connection(void* server, MHD_Connection* connection, void** /*context*/,
                         MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
      static_cast<HttpServer*>(server)->closed(descriptor_of(connection));
    }
  }

  // Leaves the target encoded. Route decodes each name after it has split the path, so that an
  // encoded '/' in a name does not split it.
  static std::size_t unescape(void* /*server*/, MHD_Connection* /*connection*/, char* text) {
    return std::strlen(text);
  }
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(Loop& loop, Deadlines& deadlines,
                                                      Descriptor socket, Ask ask) {
  std::unique_ptr<HttpServer> server(new HttpServer(loop, deadlines, std::move(ask)));
  HttpServer* const self = server.get();
  constexpr unsigned kFlags =
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
  // The logger comes first, because it also gets messages about the other options. kMostConnections
  // is below the library's own limit.
  self->daemon_ =
      MHD_start_daemon(kFlags, 0, nullptr, nullptr, &Callbacks::ask, self,  //
                       MHD_OPTION_EXTERNAL_LOGGER, &log_words, nullptr,     //
                       MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned>(kMostConnections + 64),
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes,         //
                       MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,                  //
                       MHD_OPTION_URI_LOG_CALLBACK, &Callbacks::began, self,         //
                       MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::completed, self,     //
                       MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::connection, self,   //
                       MHD_OPTION_UNESCAPE_CALLBACK, &Callbacks::unescape, nullptr,  //
                       MHD_OPTION_END);
  if (self->daemon_ == nullptr) return system_error("the HTTP server can't be started", errno);
  const MHD_DaemonInfo* const info = MHD_get_daemon_info(self->daemon_, MHD_DAEMON_INFO_EPOLL_FD);
  self->poll_ = std::make_unique<Poll>(loop, info->epoll_fd, [self](int) { self->run(); });
  self->listener_ =
      std::make_unique<Listener>(loop, deadlines, std::move(socket), "observe",
                                 [self](Descriptor client) { self->admit(std::move(client)); });
  return server;
}

HttpServer::~HttpServer() {
  listener_.reset();
  poll_.reset();
  if (timeout_) deadlines_.cancel(*timeout_);
  // The library must not be stopped while a connection is suspended.
  for (OpenExchange* const exchange : exchanges_) exchange->leave();
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  for (auto& [fd, connection] : connections_) {
    if (connection.patience) deadlines_.cancel(*connection.patience);
  }
}

HttpServer::HttpServer(Loop& loop, Deadlines& deadlines, Ask ask)
    : loop_(loop), deadlines_(deadlines), ask_(std::move(ask)), soon_(loop, [this] { run(); }) {}

void HttpServer::run() {
  soon_.off();
  MHD_run(daemon_);
  if (timeout_) deadlines_.cancel(*std::exchange(timeout_, std::nullopt));
  MHD_UNSIGNED_LONG_LONG milliseconds = 0;
  if (MHD_get_timeout(daemon_, &milliseconds) != MHD_YES) return;
  timeout_ =
      deadlines_.add(loop_.now().boot + static_cast<Microseconds>(milliseconds) * 1000, [this] {
        timeout_.reset();
        run();
      });
}

void HttpServer::admit(Descriptor client) {
  if (connections_.size() >= kMostConnections && !make_room()) {
    // Reads the request first: if a socket is closed with unread bytes, the client loses the reply,
    // too.
    std::array<char, 4096> sent;
    while (::recv(client.get(), sent.data(), sent.size(), MSG_DONTWAIT) > 0) continue;
    if (::send(client.get(), kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
      ::shutdown(client.get(), SHUT_WR);
    }
    return;
  }
  const int fd = client.release();
  connections_[fd] = {};
  wait_for_request(fd, kFirstRequest);
  // The library needs an address, which is never used.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (MHD_add_connection(daemon_, fd, reinterpret_cast<const sockaddr*>(&address),
                         sizeof address) != MHD_YES) {
    // The library has closed the descriptor.
    closed(fd);
    return;
  }
  run();
}

// Drops the connection that has been without a request for longest.
bool HttpServer::make_room() {
  if (waiting_.empty()) return false;
  ::shutdown(waiting_.begin()->second, SHUT_RDWR);
  run();
  return connections_.size() < kMostConnections;
}

void HttpServer::wait_for_request(int fd, Microseconds patience) {
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return;
  has_request(fd);
  at->second.since = ++order_;
  waiting_.emplace(order_, fd);
  // The library sees the shutdown and closes the connection.
  at->second.patience =
      deadlines_.add(loop_.now().boot + patience, [fd] { ::shutdown(fd, SHUT_RDWR); });
}

void HttpServer::has_request(int fd) {
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return;
  waiting_.erase(at->second.since);
  if (at->second.patience) deadlines_.cancel(*std::exchange(at->second.patience, std::nullopt));
}

void HttpServer::closed(int fd) {
  has_request(fd);
  connections_.erase(fd);
  if (listener_) listener_->client_left();
}

}  // namespace thermos::observe
