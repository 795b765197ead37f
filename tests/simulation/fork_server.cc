#include "fork_server.h"

#include <algorithm>
#include <utility>

namespace thermos::sim {

// The program itself. It lives as long as something of it is planned.
class ForkServer::Process : public std::enable_shared_from_this<ForkServer::Process> {
 public:
  Process(Machine& machine, Timeline& timeline, Random& random, Processes::Parent parent,
          Listener listener)
      : machine_(machine),
        timeline_(timeline),
        random_(random),
        boot_(machine.moment().boot),
        parent_(parent),
        listener_(std::move(listener)) {}

  bool died() const { return died_; }

  void receive(Launch launch) {
    queue_.push_back(std::move(launch));
    serve();
  }

  std::optional<Launched> answer() {
    if (answers_.empty()) return std::nullopt;
    const Launched answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  // SIGKILL: its descriptors are closed, those of messages that it has not read among them.
  void kill() {
    if (died_) return;
    died_ = true;
    for (const Launch& launch : queue_) machine_.streams().close_dying(launch.stream);
    queue_.clear();
    after(random_.between(0, kLatency), [this] {
      if (listener_.died) listener_.died();
    });
  }

  void stop(Microseconds time) {
    stopped_ = true;
    after(time, [this] { go_on(); });
  }
  void go_on() {
    stopped_ = false;
    serve();
  }
  // Nobody reads its answers any more.
  void abandon() {
    parent_ = 0;
    listener_ = {};
  }

 private:
  void after(Microseconds delay, std::function<void()> action) {
    timeline_.after(delay, [self = shared_from_this(), action = std::move(action)] {
      if (self->machine_.moment().boot == self->boot_) action();
    });
  }

  void serve() {
    if (busy_ || stopped_ || died_ || queue_.empty()) return;
    busy_ = true;
    after(queue_.front().script.held, [this] {
      busy_ = false;
      if (stopped_ || died_ || queue_.empty()) return;
      take();
    });
  }

  void take() {
    if (queue_.front().script.server_death == RunScript::ServerDeath::BeforeClone) return kill();
    const Launch launch = queue_.front();
    queue_.pop_front();
    Launched answer{launch.ticket, 0, Launched::Error::None};
    if (launch.script.launch == RunScript::Launch::Short) {
      answer.error = Launched::Error::Short;
      machine_.streams().close(launch.stream);
    } else if (launch.script.launch == RunScript::Launch::Impossible) {
      answer.error = Launched::Error::Impossible;
      machine_.streams().close(launch.stream);
    } else {
      answer.pid =
          machine_
              .launch(launch.process, launch.run, launch.seq, launch.script, launch.stream, parent_)
              .pid;
    }
    if (launch.script.server_death == RunScript::ServerDeath::BeforeAnswer) return kill();
    underway_.push_back(answer);
    after(random_.between(0, kLatency), [this] { answers_arrive(); });
    serve();
  }

  // All that were sent by now, in their order.
  void answers_arrive() {
    if (underway_.empty()) return;
    answers_.insert(answers_.end(), underway_.begin(), underway_.end());
    underway_.clear();
    if (listener_.readable) listener_.readable();
  }

  Machine& machine_;
  Timeline& timeline_;
  Random& random_;
  std::uint64_t boot_;
  Processes::Parent parent_;
  Listener listener_;
  std::deque<Launch> queue_;
  std::deque<Launched> underway_;
  std::deque<Launched> answers_;
  bool busy_ = false;
  bool stopped_ = false;
  bool died_ = false;
};

ForkServer::ForkServer(Machine& machine, Timeline& timeline, Random& random,
                       Processes::Parent parent, Listener listener)
    : machine_(machine),
      timeline_(timeline),
      random_(random),
      parent_(parent),
      listener_(std::move(listener)) {
  start();
}

ForkServer::~ForkServer() {
  process_->abandon();
  for (const Launch& launch : queue_) machine_.streams().close_dying(launch.stream);
}

void ForkServer::start() {
  process_ = std::make_shared<Process>(machine_, timeline_, random_, parent_, listener_);
}

void ForkServer::launch(const Launch& launch) {
  if (process_->died()) {
    queue_.push_back(launch);
    return;
  }
  sent_.insert(launch.ticket);
  process_->receive(launch);
}

std::optional<Launched> ForkServer::receive() {
  const auto answer = process_->answer();
  if (answer) sent_.erase(answer->ticket);
  return answer;
}

bool ForkServer::died() const {
  return process_->died();
}

bool ForkServer::restart() {
  if (machine_.short_of_processes()) return false;
  process_->abandon();
  start();
  sent_.clear();
  for (const Launch& launch : std::exchange(queue_, {})) this->launch(launch);
  return true;
}

void ForkServer::kill() {
  process_->kill();
}

void ForkServer::stop(Microseconds time) {
  process_->stop(time);
}

void ForkServer::go_on() {
  process_->go_on();
}

}  // namespace thermos::sim
