// A client of the observer's, that sends what no library would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thermos::observe {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  int status = 0;                              // 0: the connection ended before there was one
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// One connection, to a Unix socket's path or to a port of 127.0.0.1.
class Connection {
 public:
  explicit Connection(const std::string& path);
  explicit Connection(std::uint16_t port);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view bytes) const;
  // A request with a Host that is let in, unless `headers` have one.
  void ask(const std::string& target, const Headers& headers = {},
           const std::string& method = "GET") const;
  // Reads a whole response; with a body unless it is one to a HEAD.
  Response response(bool with_body = true);
  // Reads a response's head. Its body is read by read_until(), and is freed of its chunks.
  Response head();
  // Reads on until the body contains `text`, or ends. Returns what it has so far.
  const std::string& read_until(std::string_view text);
  // The same, and on to `then` behind it.
  const std::string& read_until(std::string_view text, std::string_view then);
  // Reads the body to its end.
  const std::string& read_all();
  // Whether something can be read, or the peer has closed, within that time.
  bool readable_within(int milliseconds) const;
  // Reads `bytes` of the body and no more, so that the rest waits.
  void read_some(std::size_t bytes);
  // Whether the peer has closed. Waits for that.
  bool closes();

 private:
  bool fill();
  bool take_chunk();
  bool more_body();
  std::string take_line();

  int fd_ = -1;
  bool connected_ = false;
  std::string read_;  // and not taken yet
  std::string body_;
  bool chunked_ = false;
  std::optional<std::size_t> left_;  // of the body or the chunk; nothing: until the end
  bool over_ = false;
};

}  // namespace thermos::observe
