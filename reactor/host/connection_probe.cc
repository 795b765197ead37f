#include "reactor/host/connection_probe.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace thermos {
namespace {

// The limits of an answer's first line, and of the bytes that are read before the connection is
// closed. The answer is read beyond its first line because some servers log an error if the client
// closes while they write.
constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxAnswer = std::size_t{1} << 18;

// The time after which an answer is first read. Most servers on this machine have answered and
// closed the connection by then, so the descriptor need not be watched. Watching takes five system
// calls, and a turn of the loop for each event.
constexpr Microseconds kAnswerTakes = kSecond / 500;

}  // namespace

ConnectionProbe::ConnectionProbe(Loop& loop, Deadlines& deadlines, const FileOwner& owner,
                                 std::vector<SocketAddress> addresses, std::string request,
                                 Answer answer)
    : loop_(loop),
      deadlines_(deadlines),
      owner_(owner),
      addresses_(std::move(addresses)),
      request_(std::move(request)),
      answer_(std::move(answer)) {}

ConnectionProbe::~ConnectionProbe() {
  close();
}

void ConnectionProbe::start(Microseconds until) {
  until_ = until;
  connect_next();
}

void ConnectionProbe::connect_next() {
  const SocketAddress& to = addresses_[next_++];
  poll_.reset();
  socket_.reset(::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return refused(errno);
  connecting_ = true;
  int error_number = connect(to);
  // A connection on this machine is complete when connect(2) returns, even if it returns
  // EINPROGRESS. A second call returns the result.
  if (error_number == EINPROGRESS) error_number = connect(to);
  if (error_number == 0) return connected();
  if (error_number != EALREADY) return refused(error_number);
  watch(UV_WRITABLE);
}

// Returns the errno; 0 when connected.
int ConnectionProbe::connect(const SocketAddress& to) const {
  // Stands for no change of user, because an owner's rights matter only for a path.
  static const FileOwner nobody;
  const AsUser as_user(to.bytes.ss_family == AF_UNIX ? owner_ : nobody);
  if (!as_user.holds()) return EPERM;
  const int result =
      ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.size);
  return result == 0 ? 0 : errno;
}

void ConnectionProbe::refused(int error_number) {
  if (next_ < addresses_.size()) return connect_next();
  say(false, std::strerror(error_number));
  close();
}

void ConnectionProbe::watch(int events) {
  if (!deadline_) {
    deadline_ = deadlines_.add(until_, [this] {
      deadline_.reset();
      say(false, connecting_ ? "no connection in time" : "no answer in time");
      close();
    });
  }
  if (!poll_) poll_ = std::make_unique<Poll>(loop_, socket_.get(), [this](int) { on_event(); });
  poll_->watch(events);
}

void ConnectionProbe::on_event() {
  if (!connecting_) return read_answer();
  int error_number = 0;
  socklen_t size = sizeof error_number;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) return refused(error_number);
  connected();
}

// On loopback, connect() to a port on which no program listens can connect the socket to itself,
// because the kernel may choose that same port for the socket's own end.
bool ConnectionProbe::met_itself() const {
  const SocketAddress& to = addresses_[next_ - 1];
  if (to.bytes.ss_family == AF_UNIX) return false;
  SocketAddress ours;
  ours.size = sizeof ours.bytes;
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&ours.bytes), &ours.size) != 0) {
    return false;
  }
  return ours.size == to.size && std::memcmp(&ours.bytes, &to.bytes, ours.size) == 0;
}

void ConnectionProbe::connected() {
  connecting_ = false;
  if (met_itself()) return refused(ECONNREFUSED);
  if (request_.empty()) {
    say(true, {});
    return close();
  }
  // A new connection has room for more than a request.
  const ssize_t sent = ::send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request_.size())) return refused(sent < 0 ? errno : ENOBUFS);
  // The connection was not complete at once, so the answer may take longer, too.
  if (poll_) return watch(UV_READABLE);
  const Microseconds soon = loop_.now().boot + kAnswerTakes;
  if (soon >= until_) return watch(UV_READABLE);
  deadline_ = deadlines_.add(soon, [this] { look_for_answer(); });
}

void ConnectionProbe::look_for_answer() {
  deadline_.reset();
  read_answer();
  if (socket_) watch(UV_READABLE);
}

// Reads everything that has arrived.
void ConnectionProbe::read_answer() {
  std::array<char, 4096> bytes;  // NOLINT(*-member-init): recv() fills what is looked at
  while (socket_) {
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0 && take({bytes.data(), static_cast<std::size_t>(got)})) continue;
    if (got <= 0) {
      say(false, got < 0 ? std::strerror(errno) : "closed the connection without an answer");
    }
    return close();
  }
}

// Takes the next bytes of the answer. Returns whether to go on reading.
bool ConnectionProbe::take(std::string_view bytes) {
  received_ += bytes.size();
  if (!answered_) {
    head_.append(bytes);
    const std::size_t end = head_.find('\n');
    if (end != std::string::npos || head_.size() > kMaxLine) judge(head_.substr(0, end));
  }
  return received_ <= kMaxAnswer;
}

// Judges the first line of an answer, such as "HTTP/1.1 200 OK".
void ConnectionProbe::judge(const std::string& line) {
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (line.starts_with("HTTP/1.") && blank != std::string::npos) {
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  }
  if (status == 0) return say(false, "its answer is not HTTP");
  say(status >= 200 && status < 400, "status " + std::to_string(status));
}

void ConnectionProbe::say(bool ready, const std::string& text) {
  if (std::exchange(answered_, true)) return;
  answer_(ready, text);
}

void ConnectionProbe::close() {
  if (deadline_) deadlines_.cancel(*deadline_);
  deadline_.reset();
  poll_.reset();
  socket_.reset();
}

}  // namespace thermos
