#include "coordinator/run_supervisor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "coordinator/kernel.h"
#include "core/base/signal.h"
#include "core/record/state.h"

namespace thermos::coordinator {
namespace {

// The kernel has no event for a pid, memory or a descriptor that comes free.
constexpr Microseconds kFirstSpawnPause = 20'000;
constexpr Microseconds kLongestSpawnPause = kSecond;
// Coordinators alone may use up every process that a user may have (RLIMIT_NPROC), and each would
// wait for its shell for ever. So they give up one after the other, after different times, and each
// pause lets another one notice the free place.
constexpr Microseconds kSpawnPatience = 5 * kSecond;
constexpr int kSpawnTurns = 8;
// A secret's command has no limit of its own, and a run has none before it is RUNNING.
constexpr Microseconds kSecretPatience = 60 * kSecond;
constexpr int kSecretPipeBytes = 256 * 1024;
// Nor has it one for room on a disk.
constexpr Microseconds kFirstAppendPause = 100'000;
constexpr Microseconds kLongestAppendPause = 10 * kSecond;

// Whether the signal is to end a run. From an engine SIGUSR1 means that the machine is taken away
// soon, which is for the runner.
bool ends_run(const Signal& signal) {
  return signal.number == SIGTERM || (signal.number == SIGUSR1 && !is_engine(signal.sender));
}

}  // namespace

RunSupervisor::RunSupervisor(SpawnRequest request, Descriptors descriptors, int null,
                             std::span<std::byte> stack)
    : request_(request),
      stack_(stack),
      appender_(descriptors.stream),
      descriptors_(descriptors),
      seq_(request.launch->seq),
      run_(request.launch->run),
      chain_(request.launch->chain),
      epoch_(request.launch->epoch),
      boot_(request.launch->boot),
      success_(request.launch->success),
      stop_signal_(request.launch->stop_signal),
      name_size_(std::min(request.launch->process.size(), sizeof name_ - 1)) {
  request_.null = null;
  request_.out = descriptors.out;
  request_.err = descriptors.err;
  request_.group = descriptors.group;
  std::memcpy(name_, request.launch->process.data(), name_size_);
  name_[name_size_] = '\0';
}

ProcessStatus RunSupervisor::transition(ProcessState state, Timestamp at) const {
  ProcessStatus status;
  status.process = {name_, name_size_};
  status.run = run_;
  status.state = state;
  status.at = at;
  return status;
}

bool RunSupervisor::record(ProcessStatus status) {
  FrameRoom room;
  status.seq = seq_++;
  return append(room, encode_frame(status, chain_, room.frame()));
}

void RunSupervisor::record(ProcessReport report) {
  FrameRoom room;
  report.process = {name_, name_size_};
  report.run = run_;
  append(room, encode_frame(report, chain_, room.frame()));
}

// The stream's first frame brings the header with it, in the same write.
bool RunSupervisor::append(FrameRoom& room, std::size_t frame) {
  const auto bytes = std::span(room.bytes);
  if (epoch_ == 0) return append(bytes.subspan(kStreamHeaderBytes, frame));
  encode_stream_header({kStreamVersion, epoch_}, bytes.first<kStreamHeaderBytes>());
  const bool appended = append(bytes.first(kStreamHeaderBytes + frame));
  if (appended) epoch_ = 0;
  return appended;
}

// Nothing may happen that is not recorded, so this tries until the disk takes the record, and
// reports the first failure to the reactor. Returns false only before the shell is started, if the
// run was told to end: such a run needs no record.
bool RunSupervisor::append(std::span<const std::byte> bytes) {
  for (Microseconds wait = kFirstAppendPause; !appender_.append(bytes);
       wait = std::min(2 * wait, kLongestAppendPause)) {
    if (wait == kFirstAppendPause) tell_write_failure();
    pause(wait);
    if (starting() && stop_before_start_) return false;
  }
  return true;
}

// Best effort: the message is dropped if the reactor is gone or its queue is full.
void RunSupervisor::tell_write_failure() const {
  alignas(8) std::array<std::byte, kWriteFailureBytes> room;
  const std::size_t size = encode(WriteFailure{::getpid(), appender_.error()}, room);
  ::send(descriptors_.write_failures, room.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Tries until /proc can be read, which needs memory and a descriptor. A reactor signals no process
// whose start time it doesn't know, so it could not end the run. Returns 0 when the run was told to
// end first.
std::uint64_t RunSupervisor::own_ticks() {
  std::uint64_t ticks = 0;
  for (Microseconds wait = kFirstSpawnPause; (ticks = start_ticks(::getpid())) == 0;
       wait = std::min(2 * wait, kLongestSpawnPause)) {
    pause(wait);
    if (stop_before_start_) break;
  }
  return ticks;
}

bool RunSupervisor::begin() {
  const Identity self{::getpid(), own_ticks()};
  if (self.ticks == 0) return false;  // told to end, and needs no record: see append()
  ProcessStatus forked = transition(ProcessState::Forked, read_clocks());
  forked.identity = self;
  forked.boot = boot_;
  if (!record(forked)) return false;

  LaunchView launch = *request_.launch;
  Secrets secrets;
  if (!launch.secrets.empty()) {
    if (!read_secrets(secrets)) return false;
    launch.environment = secrets.environment();
    request_.launch = &launch;
  }
  const SpawnResult child = start();
  if (stop_before_start_ && child.pid == 0) {
    return end_unstarted(ProcessState::Killed, "told to end before it was started");
  }
  if (child.worth_retrying()) {
    LineBuffer reason;
    child.describe(request_, reason);
    return end_unstarted(ProcessState::Lost, reason.view());
  }
  ProcessStatus running = transition(ProcessState::Running, read_clocks());
  if (child.pid != 0) running.identity = {child.pid, start_ticks(child.pid)};
  if (child.step == SpawnStep::None) {
    main_ = child.pid;
    // From here on only the process has its output files, or its ends of the pipes, open.
    ::close(request_.out);
    ::close(request_.err);
    record(running);
    return true;
  }
  if (child.pid != 0) ::waitpid(child.pid, nullptr, __WALL);
  LineBuffer reason;
  child.describe(request_, reason);
  return fail_unstarted(running, reason.view());
}

// RUNNING is recorded although the child never ran the shell, because FAILED cannot follow FORKED.
bool RunSupervisor::fail_unstarted(const ProcessStatus& running, std::string_view reason) {
  ended_ = true;
  record(running);
  ProcessStatus failed = transition(ProcessState::Failed, read_clocks());
  failed.reason = reason;
  record(failed);
  return false;
}

bool RunSupervisor::end_unstarted(ProcessState state, std::string_view reason) {
  ended_ = true;
  ProcessStatus last = transition(state, read_clocks());
  last.reason = reason;
  record(last);
  return false;
}

bool RunSupervisor::read_secrets(Secrets& secrets) {
  const LaunchView& launch = *request_.launch;
  if (!secrets.open(launch)) return end_unstarted(ProcessState::Lost, "no memory for its secrets");
  for (std::size_t i = 0; i < launch.secrets.size(); ++i) {
    LineBuffer why;
    why.add("secret ").add(launch.secrets[i].name, 100).add(": ");
    bool shortage = false;
    const bool good = read_secret(i, secrets, why, shortage);
    if (stop_before_start_) {
      return end_unstarted(ProcessState::Killed, "told to end before it was started");
    }
    if (good) continue;
    if (shortage) return end_unstarted(ProcessState::Lost, why.view());
    return fail_unstarted(transition(ProcessState::Running, read_clocks()), why.view());
  }
  return true;
}

// Reads a secret's file as the process's user, or with our own rights if the secret says so
// (`root`). A secret's command runs like the process.
bool RunSupervisor::read_secret(std::size_t index, Secrets& secrets, LineBuffer& why,
                                bool& shortage) {
  LaunchView launch = *request_.launch;
  const SecretView& secret = launch.secrets[index];
  const bool is_file = *secret.file != '\0';
  if (is_file && (secret.root || !launch.change_user)) return secrets.take_file(index, why);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    shortage = true;
    why.add_error(errno);
    return false;
  }
  // If this fails, the value must fit into the pipe as it is.
  ::fcntl(pipe[1], F_SETPIPE_SZ, kSecretPipeBytes);
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  if (is_file) ::fcntl(pipe[1], F_SETFL, O_NONBLOCK);
  launch.cmdline = secret.cmd;
  launch.arguments = {};
  launch.input = "";
  SpawnRequest request = request_;
  request.launch = &launch;
  request.out = pipe[1];
  if (is_file) request.copied = secret.file;
  const SpawnResult child = coordinator::spawn(request, stack_);
  ::close(pipe[1]);
  bool good = child.step == SpawnStep::None;
  shortage = child.worth_retrying();
  if (!good) child.describe(request, why);
  if (child.pid != 0) {
    if (!good || is_file) {
      ::waitpid(child.pid, nullptr, __WALL);
    } else {
      good = wait_for_secret(child.pid, why);
    }
  }
  good = good && secrets.take(index, pipe[0], why);
  ::close(pipe[0]);
  return good;
}

// Waits for a secret's command, and ends its tree. Returns false if the command failed or took too
// long, or the run was told to end.
bool RunSupervisor::wait_for_secret(std::int32_t pid, LineBuffer& why) {
  const Microseconds until = monotonic() + kSecretPatience;
  siginfo_t info{};
  while (!stop_before_start_ && monotonic() < until) {
    info = {};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
        info.si_pid != 0) {
      break;
    }
    const auto signal = wait_signal(std::max<Microseconds>(until - monotonic(), 0));
    if (signal && ends_run(*signal)) stop_before_start_ = true;
  }
  const bool ended = info.si_pid != 0;
  // The command is not reaped yet, so its pid and its group can't belong to another process.
  ::kill(-pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, __WALL);
  kill_group();
  // A process that we adopt meanwhile had a parent among those killed.
  do {
    kill_children();
  } while (::waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR);
  if (stop_before_start_) return false;
  if (!ended) {
    why.add("its command took longer than ").add(kSecretPatience / kSecond).add(" seconds");
    return false;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  why.add(WIFEXITED(status) ? "its command ended with exit " : "its command was ended by signal ");
  why.add(std::int64_t{WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)});
  return false;
}

// Tries until a child runs the shell, the error is permanent, or the time is over. Returns an empty
// result when the run was told to end first.
SpawnResult RunSupervisor::start() {
  pause(0);
  const Microseconds patience = kSpawnPatience + (::getpid() % kSpawnTurns) * kLongestSpawnPause;
  const Microseconds until = monotonic() + patience;
  for (Microseconds wait = kFirstSpawnPause; !stop_before_start_;
       wait = std::min(2 * wait, kLongestSpawnPause)) {
    const SpawnResult child = spawn();
    if (!child.worth_retrying()) return child;
    if (child.pid != 0) ::waitpid(child.pid, nullptr, __WALL);
    if (monotonic() >= until) return child;
    pause(wait);
  }
  return {};
}

SpawnResult RunSupervisor::spawn() {
  const LaunchView& launch = *request_.launch;
  if (launch.notify) {
    if (!notices_.open(launch)) return {0, SpawnStep::Notify, errno};
    for (const char*& variable : launch.environment) {
      if (std::string_view(variable) == "NOTIFY_SOCKET=") variable = notices_.variable();
    }
  }
  if (OutputPump::wanted(launch)) {
    const bool open = pump_.open(
        launch,
        {{descriptors_.out, descriptors_.err}, descriptors_.directory, descriptors_.consoles});
    if (!open) return {0, SpawnStep::Files, errno};
    request_.out = pump_.out();
    request_.err = pump_.err();
  }
  return coordinator::spawn(request_, stack_);
}

void RunSupervisor::finish() {
  notices_.begin();
  while (!ended_ || !alone_) {
    if (std::exchange(news_, false)) hear(false);
    if (const auto signal = pump_.active() ? pump_.wait() : wait_signal(std::nullopt)) {
      take(*signal);
    }
  }
  if (pump_.active()) drain();
  // A service manager signals one process after the other. Its signal to us may come last, when the
  // processes that it ended are reaped already.
  while (const auto signal = wait_signal(0)) take(*signal);
  hear(true);
  LineBuffer reason;
  EndCause cause;
  cause.success = success_;
  cause.asked = asked_;
  // After a success it does not matter what killed other processes of the tree.
  if (end_of(wait_status_, cause).state != ProcessState::Success) {
    cause.service_manager = going_down_;
    if (!ran_out_of_memory(reason, cause.over_its_memory) && going_down_) {
      reason.add("ended by the service manager");
    }
  }
  const ProcessEnd end = end_of(wait_status_, cause);
  ProcessStatus last = transition(end.state, stopped_);
  if (going_down_ && end.state == ProcessState::Killed) last.origin = Origin::Ordered;
  LineBuffer complaint;
  if (notices_.complain(complaint)) {
    last.state = ProcessState::Failed;
    last.origin = Origin::Recorded;
    reason = complaint;
  }
  last.return_code = end.return_code;
  last.reason = reason.view();
  last.usage = usage_;
  record(last);
}

// Handles the messages of the process about itself. The watchdog comes before the records, which
// may have to wait for a full disk.
void RunSupervisor::hear(bool last) {
  if (!notices_.active()) return;
  notices_.listen(last);
  if (asked_ || ended_) notices_.calm();
  switch (notices_.bite()) {
    case Notices::Bite::None:
      break;
    case Notices::Bite::Abort:
      send_to_process(SIGABRT);
      break;
    case Notices::Bite::Kill:
      kill_tree();
      break;
  }
  for (;;) {
    LineBuffer text;
    const auto report = notices_.next(last, text);
    if (!report) break;
    record(*report);
  }
  if (!last) notices_.arm();
}

// Forwards all output of the tree before the end is recorded. A full disk delays that until the
// disk takes the output, or until SIGUSR1 comes. Then consoles that take nothing are given up
// first: the files may have room.
void RunSupervisor::drain() {
  pump_.no_more();
  while (!pump_.drained()) {
    if (const auto signal = pump_.wait(!killing_)) take(*signal);
    if (killing_ && pump_.stuck() && !pump_.give_up_consoles()) return;
  }
}

// Handles signals until the time is over, or until a run that is not started is told to end.
void RunSupervisor::pause(Microseconds time) {
  const Microseconds until = monotonic() + time;
  do {
    if (const auto signal = wait_signal(std::max<Microseconds>(until - monotonic(), 0))) {
      take(*signal);
      if (starting() && stop_before_start_) return;
    }
  } while (monotonic() < until);
}

void RunSupervisor::take(const Signal& signal) {
  if (signal.number == SIGCHLD) {
    reap();
  } else if (signal.number == SIGIO || signal.number == SIGALRM) {
    news_ = true;
  } else if (starting()) {
    stop_before_start_ = stop_before_start_ || ends_run(signal);
  } else if (signal.number == SIGTERM) {
    // An engine signals the whole group, session or job, so the process gets the signal as well.
    if (is_engine(signal.sender)) going_down_ = true;
    forward_term(signal.instead);
  } else if (signal.number == SIGUSR1) {
    if (ends_run(signal)) kill_tree();
  }
}

void RunSupervisor::forward_term(int instead) {
  const int signal = instead > 0 && instead <= kLastSignal ? instead : stop_signal_;
  if (main_ != 0) asked_ = signal;
  send_to_process(signal);
}

void RunSupervisor::send_to_process(int signal) const {
  // Signals are sent only while the shell is not reaped: until then its pid and its group are not
  // recycled.
  if (main_ == 0) return;
  ::kill(-main_, signal);
  if (::getpgid(main_) != main_) ::kill(main_, signal);
  // A stopped process does not see a signal until it is continued.
  ::kill(-main_, SIGCONT);
}

void RunSupervisor::kill_tree() {
  killing_ = true;
  if (main_ != 0) ::kill(-main_, SIGKILL);
  kill_group();
  kill_children();
}

// Kills the whole control group at once, however fast its members fork. On kernels without
// cgroup.kill (before 5.14), kill_children() has to find them.
void RunSupervisor::kill_group() const {
  if (request_.group < 0) return;
  const int file = ::openat(request_.group, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  if (::write(file, "1", 1) != 1) {
    // kill_children() does it, as without a group.
  }
  ::close(file);
}

// Whether the kernel's OOM killer killed a process of the run's group; then `reason` says so and
// names the limit (memory.events and memory.max, cgroups(7)). Sets `own` if the group reached its
// own limit, and not its task's or the machine's.
bool RunSupervisor::ran_out_of_memory(LineBuffer& reason, bool& own) const {
  const auto counted = [](std::string_view events, std::string_view what) {
    const std::size_t at = events.find(what);
    return at != std::string_view::npos && !events.substr(at + what.size()).starts_with("0");
  };
  constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;
  if (request_.group < 0) return false;
  char room[512];
  const std::string_view events = read_small(request_.group, "memory.events", room);
  if (!counted(events, "oom_kill ")) return false;
  own = counted(events, "oom ");
  reason.add("killed by the kernel: out of memory");
  const std::string_view limit = read_small(request_.group, "memory.max", room);
  std::int64_t bytes = 0;
  if (std::from_chars(limit.data(), limit.data() + limit.size(), bytes).ec == std::errc{}) {
    reason.add(", memory.max ").add(bytes / kMebibyte).add(" MiB");
  }
  return true;
}

// Reaps every child that has ended. We are the subreaper (PR_SET_CHILD_SUBREAPER), so orphans of
// the tree become our children. Once the shell has ended, killing and reaping our children at each
// SIGCHLD ends the whole tree: a process that we adopt while we kill had a parent among those
// killed, whose SIGCHLD is still to come.
void RunSupervisor::reap() {
  alone_ = false;
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
      if (errno == EINTR) continue;
      alone_ = true;  // ECHILD
      return;
    }
    if (info.si_pid == 0) break;
    if (info.si_pid != main_) {
      wait_for(info.si_pid);
      continue;
    }
    stopped_ = read_clocks();
    // While the shell is a zombie, its group id cannot belong to another process.
    ::kill(-main_, SIGKILL);
    wait_status_ = wait_for(main_);
    main_ = 0;
    ended_ = true;
    kill_group();
  }
  if (ended_ || killing_) kill_children();
}

// Reaps `pid`, which has ended, and returns its wait status. The usage of a process includes that
// of the children it waited for, and orphans come to us. So the sum over all processes that we reap
// is the usage of the tree.
int RunSupervisor::wait_for(std::int32_t pid) {
  int status = 0;
  rusage used{};
  if (::wait4(pid, &status, __WALL, &used) != pid) return status;
  const auto microseconds = [](const timeval& time) {
    return Microseconds{time.tv_sec} * kSecond + time.tv_usec;
  };
  usage_.user = std::max<Microseconds>(usage_.user, 0) + microseconds(used.ru_utime);
  usage_.system = std::max<Microseconds>(usage_.system, 0) + microseconds(used.ru_stime);
  // ru_maxrss is in KiB. A kernel that does not count it gives 0.
  constexpr std::int64_t kKibibyte = 1024;
  if (used.ru_maxrss > 0) usage_.peak = std::max(usage_.peak, used.ru_maxrss * kKibibyte);
  return status;
}

}  // namespace thermos::coordinator
