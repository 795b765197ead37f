#include <stdexcept>

#include "children.h"
#include "disk.h"
#include "fork_server.h"
#include "machine.h"
#include "notices.h"
#include "side.h"

namespace thermos::contract {
namespace {

constexpr sim::Processes::Parent kSelf = 1;
constexpr ProcessIndex kProcess = 0;

sim::Script one_process() {
  sim::Script script = sim::make_script(1, {.kills = false, .orders = false, .most_processes = 1});
  script.harsh.late_unlock = true;
  return script;
}

class SimulatedSide : public Side {
 public:
  SimulatedSide() {
    machine_.streams().on_change = [this](ProcessIndex p, bool closed) { notices_.add(p, closed); };
  }

  std::optional<Handle> lock() override {
    const auto description = machine_.streams().lock(kProcess);
    if (!description) return std::nullopt;
    return static_cast<Handle>(*description);
  }
  void close(Handle handle) override { machine_.streams().close(description_of(handle)); }
  bool locked() override { return machine_.streams().locked(kProcess); }
  void wait_for_free_lock() override {
    step_until([this] { return !locked(); });
  }
  void append(Handle handle, const ProcessStatus& status) override {
    machine_.streams().append(description_of(handle), {status, machine_.moment()}, false);
  }
  void append_part(Handle handle, const ProcessStatus& /*status*/) override {
    machine_.streams().append_part(description_of(handle));
  }
  Contents read() override {
    Contents contents;
    const auto& records = machine_.stream(kProcess);
    while (read_ < records.size()) contents.states.push_back(records[read_++].status.state);
    contents.torn = machine_.streams().end(kProcess) != read_;
    return contents;
  }
  void cut(Handle handle) override { machine_.streams().cut(description_of(handle), read_); }
  void wait_for_close() override {
    step_until([this] { return closed_; });
  }

  void launch(Handle handle) override {
    sim::RunScript run;
    run.fork = run.exec = sim::kLatency;
    run.duration = 1000 * kSecond;
    server_.launch({++ticket_, kProcess, 0, 1, description_of(handle), run});
  }
  std::int32_t answer() override {
    std::optional<sim::Launched> answer;
    step_until([&] { return (answer = server_.receive()).has_value(); });
    return answer->pid;
  }
  Identity forked() override {
    step_until([this] { return !machine_.stream(kProcess).empty(); });
    read_ = 1;
    return machine_.stream(kProcess).front().status.identity;
  }
  void stop_server() override { server_.stop(1000 * kSecond); }
  void kill_server() override {
    server_.kill();
    step_until([this] { return server_reaped_; });
  }
  bool restart_server() override { return server_.restart(); }

  void kill(const Identity& coordinator) override {
    machine_.signal(kProcess, coordinator, link::Signal::Kill);
  }
  void wait_for_end(std::int32_t child) override {
    step_until([&] {
      const auto identity = machine_.processes().named(child);
      return identity && !machine_.processes().lives(*identity);
    });
  }
  void reap(bool births_expected) override {
    children_.expect_births(births_expected);
    children_.reap();
  }
  bool can_watch(std::int32_t child) override { return children_.can_watch(child); }
  bool is_recycled(const Identity& child) override { return children_.is_recycled(child); }
  bool watch_is_answered_at_once(std::int32_t child) override {
    bool answered = false;
    children_.watch(child, [&answered] { answered = true; });
    return answered;
  }
  bool pidfd_tells(const Identity& identity, const std::function<void()>& then) override {
    bool ready = false;
    const auto pidfd = machine_.processes().open(identity, [&ready] { ready = true; });
    if (pidfd == 0) return false;
    then();
    step_until([&ready] { return ready; });
    machine_.processes().close(pidfd);
    return true;
  }

 private:
  static sim::Streams::Description description_of(Handle handle) {
    return static_cast<sim::Streams::Description>(handle);
  }
  void step_until(const std::function<bool()>& done) {
    while (!done()) {
      if (timeline_.empty()) throw std::logic_error("waits for what never comes");
      timeline_.step();
    }
  }

  sim::Script script_ = one_process();
  sim::Timeline timeline_;
  sim::Random random_{1};
  sim::Machine machine_{script_, timeline_, random_};
  bool closed_ = false;
  bool server_reaped_ = false;
  sim::Notices notices_{
      true,
      0,
      timeline_,
      random_,
      {[this](ProcessIndex, bool closed) { closed_ = closed_ || closed; }, [] {}}};
  sim::Children children_{machine_.processes(), kSelf};
  sim::ForkServer server_{
      machine_, timeline_, random_, kSelf, {[] {}, [this] { server_reaped_ = true; }}};
  std::uint64_t ticket_ = 0;
  std::size_t read_ = 0;
};

class SimulatedFullDisk : public FullDisk {
 public:
  std::string unavailable() const override { return {}; }
  bool append(const Record& record) override {
    if (full_) {
      disk_.append_part(record, random_);
      return false;
    }
    return disk_.append(record).ok();
  }
  void fill() override { full_ = true; }
  std::size_t recover() override {
    full_ = false;
    auto replay = disk_.recover();
    if (!replay) throw std::runtime_error(replay.error().message);
    return replay->records;
  }

 private:
  sim::Disk disk_;
  sim::Random random_{1};
  bool full_ = false;
};

class SimulatedFailingDisk : public FailingDisk {
 public:
  explicit SimulatedFailingDisk(std::uint64_t seed) : random_(seed) {}

  std::string unavailable() const override { return {}; }
  bool append(const Record& record) override { return !closed_ && disk_.append(record).ok(); }
  bool sync() override {
    if (closed_) return false;
    if (fails_) {
      disk_.fail_sync(random_);
      closed_ = true;
      return false;
    }
    disk_.sync();
    disk_.act();
    return true;
  }
  void fail() override { fails_ = true; }
  void repair() override { fails_ = false; }
  std::int32_t recover() override {
    closed_ = false;
    auto replay = disk_.recover();
    if (!replay) throw std::runtime_error(replay.error().message);
    return replay->history.steps().back().status.runner_pid;
  }
  std::int32_t recover_after_power_cut() override {
    disk_.lose_tail(true, random_);
    return recover();
  }

 private:
  sim::Disk disk_;
  sim::Random random_;
  bool fails_ = false;
  bool closed_ = false;  // a sync failed
};

}  // namespace

std::unique_ptr<Side> simulated_side() {
  return std::make_unique<SimulatedSide>();
}

std::unique_ptr<FullDisk> simulated_full_disk() {
  return std::make_unique<SimulatedFullDisk>();
}

std::unique_ptr<FailingDisk> simulated_failing_disk(std::uint64_t seed) {
  return std::make_unique<SimulatedFailingDisk>(seed);
}

}  // namespace thermos::contract
