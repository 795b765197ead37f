#include "reactor/observe/observer.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "reactor/cli/output.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/answers.h"
#include "reactor/observe/directory_watches.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/http_server.h"
#include "reactor/observe/request_origin.h"
#include "reactor/observe/root_mirror.h"
#include "reactor/observe/route.h"
#include "reactor/os/errors.h"
#include "reactor/os/first_process.h"

namespace thermos::observe {
namespace {

constexpr std::size_t kEventBytes = std::size_t{8} << 20;
constexpr std::size_t kTokenBytes = 16;
constexpr std::size_t kEpochBytes = 6;

Result<std::string> random_word(std::size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 64> random{};
  if (::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) {
    return system_error("getrandom", errno);
  }
  std::string word;
  for (std::size_t i = 0; i < bytes; ++i) {
    word += kDigits[random.at(i) >> 4U];
    word += kDigits[random.at(i) & 15U];
  }
  return word;
}

// Each connection takes a descriptor, and so does each file that is read for a reply.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Reply text_reply(unsigned status, const std::string& text) {
  return {status, "text/plain; charset=utf-8", {}, text_body(text + "\n")};
}

void ask(const Lock& lock, Answers& answers, const Request& request,
         const std::shared_ptr<Exchange>& exchange) {
  const Verdict verdict = judge(request.credentials, lock);
  switch (verdict.kind) {
    case Verdict::Kind::Refuse:
      return exchange->reply(text_reply(403, verdict.why));
    case Verdict::Kind::Unknown:
      return exchange->reply(text_reply(401, verdict.why));
    case Verdict::Kind::Exchange: {
      Reply reply = text_reply(303, "the token is kept in a cookie now");
      reply.headers.emplace_back("Location", verdict.location);
      reply.headers.emplace_back(
          "Set-Cookie", lock.cookie + "=" + lock.token + "; Path=/; HttpOnly; SameSite=Strict");
      return exchange->reply(std::move(reply));
    }
    case Verdict::Kind::Enter:
      break;
  }
  const Result<Route> found = route(request.credentials.path, request.credentials.query);
  if (!found) return exchange->reply(error_reply(found.error()));
  answers.answer(*found, request, exchange);
}

}  // namespace

Status serve(const Paths& paths, const Address& address) {
  raise_descriptor_limit();
  const Result<std::string> token = random_word(kTokenBytes);
  const Result<std::string> epoch = random_word(kEpochBytes);
  if (!token || !epoch) return (token ? epoch : token).error();
  auto socket = ListeningSocket::open(address);
  if (!socket) return socket.error();

  Loop loop;
  const TurnEnd turn_end(loop, [&loop] { loop.end_turn(); });
  Deadlines deadlines(loop);
  Inotify inotify(loop, true);
  EventRing events(*epoch, kEventBytes);
  RootMirror mirror(loop, inotify, paths, events);
  DirectoryWatches watches(inotify);
  Answers answers(loop, deadlines, paths, mirror, events, watches);
  if (Status started = mirror.start(); !started) return started;

  Lock lock;
  std::string url = "unix:" + address.path;
  if (address.path.empty()) {
    const std::string port = std::to_string(socket->port());
    // A browser sends a host's cookies to all its ports, so the cookie's name contains the port.
    lock = {*token, "thermos-observe-" + port};
    url = "http://127.0.0.1:" + port + "/?token=" + *token;
  }
  auto server =
      HttpServer::start(loop, deadlines, socket->take(),
                        [&](const Request& request, const std::shared_ptr<Exchange>& exchange) {
                          ask(lock, answers, request, exchange);
                        });
  if (!server) return server.error();

  bool stopping = false;
  const auto stop = [&] {
    stopping = true;
    loop.stop();
  };
  const SignalWatch terminate(loop, SIGTERM, stop);
  const SignalWatch interrupt(loop, SIGINT, stop);
  Output out(STDOUT_FILENO);
  out.print(url + "\n");
  repeat_early_signals();
  while (!stopping) loop.run();
  return Done{};
}

}  // namespace thermos::observe
