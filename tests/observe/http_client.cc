#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>

namespace thermos::observe {
namespace {

// Longer than anything takes.
constexpr int kAnswerPatience = 60'000;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

Connection::Connection(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Connection::Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      connected_(other.connected_),
      read_(std::move(other.read_)),
      body_(std::move(other.body_)),
      chunked_(other.chunked_),
      left_(other.left_),
      over_(other.over_) {}

void Connection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Connection::ask(const std::string& target, const Headers& headers,
                     const std::string& method) const {
  std::string text = method + " " + target + " HTTP/1.1\r\n";
  const bool has_host = std::any_of(headers.begin(), headers.end(),
                                    [](const auto& one) { return one.first == "Host"; });
  if (!has_host) text += "Host: localhost\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  send(text + "\r\n");
}

bool Connection::readable_within(int milliseconds) const {
  pollfd one{fd_, POLLIN, 0};
  return ::poll(&one, 1, milliseconds) > 0;
}

bool Connection::fill() {
  pollfd one{fd_, POLLIN, 0};
  if (::poll(&one, 1, kAnswerPatience) <= 0) return false;
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  read_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Connection::take_line() {
  std::size_t end = 0;
  while ((end = read_.find("\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  std::string line = read_.substr(0, end);
  read_.erase(0, end + 2);
  return line;
}

Response Connection::head() {
  Response response;
  body_.clear();
  over_ = false;
  const std::string status = take_line();
  if (status.size() < 12) return response;
  response.status = static_cast<int>(std::strtol(status.c_str() + 9, nullptr, 10));
  for (std::string line = take_line(); !line.empty(); line = take_line()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    response.headers[lower(line.substr(0, colon))] =
        line.substr(line.find_first_not_of(' ', colon + 1));
  }
  chunked_ = response.headers["transfer-encoding"] == "chunked";
  left_.reset();
  if (chunked_) left_ = 0;
  const std::string length = response.headers["content-length"];
  if (!length.empty()) left_ = std::strtoull(length.c_str(), nullptr, 10);
  return response;
}

// Begins the next chunk. False: there is none.
bool Connection::take_chunk() {
  std::string line = take_line();
  if (line.empty()) line = take_line();  // the end of the chunk before
  left_ = std::strtoull(line.c_str(), nullptr, 16);
  return *left_ > 0;
}

// Moves more of the body to `body_`. False: it is over.
bool Connection::more_body() {
  if (over_) return false;
  if (left_ == std::size_t{0} && (!chunked_ || !take_chunk())) {
    over_ = true;
    return false;
  }
  if (read_.empty() && !fill()) {
    over_ = true;
    return false;
  }
  const std::size_t count = std::min(read_.size(), left_.value_or(read_.size()));
  body_.append(read_, 0, count);
  read_.erase(0, count);
  if (left_) *left_ -= count;
  return true;
}

const std::string& Connection::read_until(std::string_view text) {
  while (body_.find(text) == std::string::npos && more_body()) continue;
  return body_;
}

const std::string& Connection::read_until(std::string_view text, std::string_view then) {
  const std::size_t at = read_until(text).find(text);
  if (at == std::string::npos) return body_;
  while (body_.find(then, at) == std::string::npos && more_body()) continue;
  return body_;
}

const std::string& Connection::read_all() {
  while (more_body()) continue;
  return body_;
}

void Connection::read_some(std::size_t bytes) {
  while (body_.size() < bytes && more_body()) continue;
}

Response Connection::response(bool with_body) {
  Response got = head();
  if (with_body && got.status != 0) got.body = read_all();
  return got;
}

bool Connection::closes() {
  for (;;) {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, kAnswerPatience) <= 0) return false;
    std::array<char, 65536> buffer;
    if (::recv(fd_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
}

}  // namespace thermos::observe
