#include "reactor/host/command_probe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/base/text.h"
#include "core/record/frame.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

constexpr std::size_t kMostOfLine = 200;
// Any number will do, because no other program reads the stream.
constexpr std::uint64_t kEpoch = 1;

Descriptor in_memory(const char* name) {
  Descriptor file(memfd_create(name, MFD_CLOEXEC));
  if (file) fcntl(file.get(), F_SETFL, O_APPEND);
  return file;
}

Descriptor copy_of(const Descriptor& file) {
  return Descriptor(fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
}

// Makes a coordinator end its whole tree. The coordinator is our child and was not reaped, so the
// pid is still its own.
void end_tree(pid_t coordinator) {
  ::kill(coordinator, SIGUSR1);
}

}  // namespace

CommandProbe::CommandProbe(Reactor& reactor, Launch launch, Microseconds until, Answer answer)
    : reactor_(reactor), launch_(std::move(launch)), until_(until), answer_(std::move(answer)) {}

CommandProbe::~CommandProbe() {
  if (deadline_) reactor_.deadlines().cancel(*deadline_);
  if (coordinator_ == 0) return;
  end_tree(coordinator_);
  reactor_.children().forget(coordinator_);
}

std::string CommandProbe::start() {
  stream_ = in_memory("probe");
  output_ = in_memory("probe's output");
  RunLogs logs;
  logs.out = copy_of(output_);
  logs.err = copy_of(output_);
  Descriptor stream = copy_of(stream_);
  if (!stream || !logs.out || !logs.err) return std::strerror(errno);
  std::array<std::byte, kStreamHeaderBytes> header{};
  encode_stream_header({kStreamVersion, kEpoch}, header);
  if (::write(stream.get(), header.data(), header.size()) != std::ssize(header)) {
    return std::strerror(errno);
  }
  launch_.chain = chain_start(kEpoch);
  launch_.boot = reactor_.boot();
  launch_.ends_with_us = true;
  over_ = false;
  auto awaited = std::make_shared<bool>(true);
  awaited_ = awaited;
  auto sent = reactor_.launch(std::move(launch_), std::move(stream), std::move(logs), {},
                              [this, &reactor = reactor_, here = std::weak_ptr<bool>(alive_),
                               awaited = std::move(awaited)](const Launched& answer) {
                                if (!here.expired()) return launched(answer);
                                if (answer.pid == 0) return;
                                // The probe was destroyed. The coordinator may be dead already, and
                                // its pid another process's.
                                const auto gone = std::make_shared<bool>(false);
                                reactor.children().watch(answer.pid, [gone](int) { *gone = true; });
                                if (!*gone) end_tree(answer.pid);
                              });
  if (!sent) {
    over_ = true;
    return sent.error().message;
  }
  deadline_ = reactor_.deadlines().add(until_, [this] {
    deadline_.reset();
    killed_ = true;
    if (coordinator_ != 0) end_tree(coordinator_);
    say(false, "no answer in time");
  });
  return {};
}

void CommandProbe::launched(const Launched& answer) {
  if (answer.pid == 0) {
    over_ = true;
    return say(false, std::strerror(answer.error));
  }
  coordinator_ = answer.pid;
  reactor_.children().watch(answer.pid, [this, here = std::weak_ptr<bool>(alive_)](int) {
    if (!here.expired()) ended();
  });
  if (killed_ && coordinator_ != 0) end_tree(coordinator_);
}

void CommandProbe::ended() {
  coordinator_ = 0;
  over_ = true;
  ProcessState state = ProcessState::Lost;
  std::optional<std::int32_t> code;
  std::string reason = "its coordinator vanished";
  StreamPosition position;
  const auto read = read_stream(stream_.get(), "a probe's records", position,
                                [&](const Record& record) -> Status {
                                  const auto* status = std::get_if<ProcessStatus>(&record);
                                  if (status == nullptr || !is_terminal(status->state))
                                    return Done{};
                                  state = status->state;
                                  code = status->return_code;
                                  reason = status->reason;
                                  return Done{};
                                });
  if (!read) reason = read.error().message;
  if (state == ProcessState::Success) return say(true, {});
  std::string why = reason;
  if (code) {
    why = *code < 0 ? "signal " + std::to_string(-*code) : "exit " + std::to_string(*code);
  }
  const std::string line = last_line();
  say(false, line.empty() ? why : why + ", " + line);
}

// Returns the last line that the command printed, for people.
std::string CommandProbe::last_line() const {
  const off_t size = lseek(output_.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kMostOfLine));
  std::string text(static_cast<std::size_t>(size - from), '\0');
  const ssize_t got = pread(output_.get(), text.data(), text.size(), from);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  text.erase(text.find_last_not_of("\r\n ") + 1);
  return printable(text.substr(text.rfind('\n') + 1));
}

void CommandProbe::say(bool ready, const std::string& text) {
  if (deadline_) reactor_.deadlines().cancel(*deadline_);
  deadline_.reset();
  if (std::exchange(answered_, true)) return;
  answer_(ready, text);
}

}  // namespace thermos
