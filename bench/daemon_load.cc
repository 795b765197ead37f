// Gives a daemon many small tasks and tells how it bears them.
//   daemon_load SOCKET CLIENTS AT_ONCE TASKS CONFIG
// CLIENTS connections submit AT_ONCE tasks together, and another when one has ended, until TASKS
// have ended. CONFIG is the task's JSON. Prints a line for each tenth of the tasks: how many a
// second, microseconds from submit to end (p50 and p99), and the daemon's processor time and
// resident memory for each.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "bench/program_cost.h"
#include "reactor/control/control_client.h"

namespace {

using thermos::ControlClient;
using thermos::bench::Cost;
using thermos::bench::cost_of;
namespace control = thermos::control;
using Clock = std::chrono::steady_clock;

pid_t peer_of(const ControlClient& client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  ::getsockopt(client.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "daemon_load: %s\n", why.c_str());
  std::exit(1);
}

class Load {
 public:
  Load(const std::string& socket, std::size_t clients, std::size_t tasks, std::string config)
      : tasks_(tasks), config_(std::move(config)) {
    for (std::size_t i = 0; i < clients; ++i) {
      auto connection = ControlClient::connect(socket);
      if (!connection) give_up(connection.error().message);
      clients_.push_back(std::move(*connection));
      polled_.push_back({clients_.back().fd(), POLLIN, 0});
    }
    daemon_ = peer_of(clients_.front());
  }

  void run(std::size_t at_once) {
    std::printf("%10s %10s %12s %12s %14s %12s\n", "tasks", "tasks/s", "p50 us", "p99 us",
                "CPU us/task", "RSS KiB");
    before_ = cost_of(daemon_);
    part_began_ = Clock::now();
    for (std::size_t i = 0; i < at_once; ++i) submit(clients_[i % clients_.size()]);
    while (ended_ < tasks_) {
      if (::poll(polled_.data(), polled_.size(), -1) < 0) give_up("poll failed");
      for (std::size_t i = 0; i < clients_.size(); ++i) {
        if (polled_[i].revents != 0) hear(clients_[i]);
      }
    }
  }

 private:
  void submit(ControlClient& client) {
    if (submitted_ == tasks_) return;
    control::Submit task;
    task.task_id = "load-" + std::to_string(::getpid()) + "-" + std::to_string(submitted_++);
    task.config = config_;
    began_[task.task_id] = Clock::now();
    if (auto sent = client.send(std::move(task)); !sent) give_up(sent.error().message);
  }

  void hear(ControlClient& client) {
    for (;;) {
      auto reply = client.receive(0);
      if (!reply) give_up(reply.error().message);
      if (!*reply) return;
      const control::ReplyBody& body = (*reply)->body;
      if (const auto* error = std::get_if<thermos::Error>(&body)) give_up(error->message);
      if (const auto* submitted = std::get_if<control::Submitted>(&body)) {
        auto sent = client.send(control::AskWait{submitted->task_id, -1});
        if (!sent) give_up(sent.error().message);
      } else if (const auto* ended = std::get_if<control::Ended>(&body)) {
        if (ended->state != "SUCCESS") give_up(ended->task_id + " " + ended->state);
        take_end(ended->task_id);
        submit(client);
      }
    }
  }

  void take_end(const std::string& task_id) {
    const auto task = began_.find(task_id);
    const auto took = Clock::now() - task->second;
    began_.erase(task);
    took_.push_back(
        static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    ++ended_;
    if (ended_ % std::max<std::size_t>(1, tasks_ / 10) == 0) print_part();
  }

  void print_part() {
    const Clock::time_point now = Clock::now();
    const Cost cost = cost_of(daemon_);
    const double seconds = std::chrono::duration<double>(now - part_began_).count();
    const auto count = static_cast<double>(took_.size());
    std::sort(took_.begin(), took_.end());
    std::printf("%10zu %10.0f %12.0f %12.0f %14.0f %12ld\n", ended_, count / seconds,
                took_[took_.size() / 2], took_[took_.size() * 99 / 100],
                (cost.seconds - before_.seconds) * 1e6 / count, cost.kibibytes);
    std::fflush(stdout);
    took_.clear();
    before_ = cost;
    part_began_ = now;
  }

  std::size_t tasks_;
  std::string config_;
  std::vector<ControlClient> clients_;
  std::map<std::string, Clock::time_point> began_;
  std::vector<pollfd> polled_;
  pid_t daemon_ = 0;
  std::size_t submitted_ = 0;
  std::size_t ended_ = 0;
  std::vector<double> took_;
  Cost before_;
  Clock::time_point part_began_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fprintf(stderr, "usage: daemon_load SOCKET CLIENTS AT_ONCE TASKS CONFIG\n");
    return 64;
  }
  std::ifstream file(words[5]);
  const std::string config((std::istreambuf_iterator<char>(file)), {});
  Load load(words[1], std::strtoul(words[2], nullptr, 10), std::strtoul(words[4], nullptr, 10),
            config);
  load.run(std::strtoul(words[3], nullptr, 10));
  return 0;
}
