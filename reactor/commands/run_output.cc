#include "reactor/commands/run_output.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "reactor/cli/terminal_text.h"
#include "reactor/commands/log_rotate_option.h"
#include "reactor/store/log_directory.h"
#include "reactor/views/log_end.h"

namespace thermos {
namespace {

constexpr std::size_t kMaxPrefix = 24;
// The most runs whose files are open while they run. The output of other runs is read when they
// have ended, so that enough descriptors are left for launches.
constexpr std::size_t kMostOpen = 64;
// The bytes that one call reads from a log, and the bytes that may wait to be printed before no
// more is read.
constexpr std::uint64_t kOneLook = std::uint64_t{256} << 10;
constexpr std::size_t kMostQueued = std::size_t{64} << 10;
constexpr std::size_t kLongestLine = std::size_t{64} << 10;
constexpr std::array<std::string_view, 6> kColours = {"36", "33", "32", "35", "34", "96"};

}  // namespace

RunOutput::RunOutput(const TaskConfig& task, Transcript& transcript, Output& out, bool terminal,
                     bool colour)
    : transcript_(transcript), out_(out), terminal_(terminal), colour_(colour) {
  for (std::size_t p = 0; p < task.processes.size(); ++p) {
    order_.emplace(task.processes[p].name, p);
    if (uses_console(task.processes[p])) shown_already_.insert(task.processes[p].name);
    name_width_ = std::max(name_width_, display_width(printable(task.processes[p].name)));
  }
  // On a narrow screen, the output needs the room.
  const std::size_t most =
      terminal_ ? std::clamp<std::size_t>(out.columns() * 3 / 10, 1, kMaxPrefix) : kMaxPrefix;
  name_width_ = task.processes.size() < 2 ? 0 : std::min(name_width_, most);
}

void RunOutput::enter(Reactor* reactor) {
  if (reactor == nullptr && reactor_ != nullptr) {
    for (auto& [key, one] : followed_) {
      if (one.watch >= 0) reactor_->inotify().unwatch(one.watch);
      one.watch = -1;
    }
    writable_.reset();
    more_.reset();
  }
  reactor_ = reactor;
  if (reactor == nullptr) return;
  writable_.emplace(reactor->loop(), out_.fd(), [this] { go_on(); });
  more_.emplace(reactor->loop(), [this] { go_on(); });
}

void RunOutput::begin(const History& history) {
  if (!history.header()) return;
  for (const ProcessHistory& process : history.processes()) {
    const Run* run = process.current();
    if (run == nullptr || run->state == ProcessState::Waiting || is_terminal(run->state)) continue;
    if (followed_.size() >= kMostOpen) break;
    const Key key(process.name, run->number);
    const auto [it, fresh] = followed_.emplace(key, Followed{key.first, {}, {}, -1, false});
    if (!fresh) continue;
    open(it->second, *history.header(), run->number);
    for (std::optional<LogTail>& log : it->second.logs) {
      if (log && !log->seek_back(kEndLines)) log.reset();
    }
    pump(key);
  }
}

void RunOutput::on_process(const ProcessStatus& status, const History& history) {
  if (status.state == ProcessState::Waiting || !history.header()) return;
  const Key key(std::string(status.process), status.run);
  const bool ended = is_terminal(status.state);
  auto it = followed_.find(key);
  if (it == followed_.end()) {
    if (shown_already_.contains(status.process)) return;
    if (!ended && followed_.size() >= kMostOpen) return;
    it = followed_.emplace(key, Followed{key.first, {}, {}, -1, false}).first;
    open(it->second, *history.header(), status.run);
  }
  it->second.ended = ended;
  pump(key);
}

void RunOutput::open(Followed& one, const RunnerHeader& header, std::uint32_t run) {
  const FileOwner reader = log_reader_of(header, ::geteuid());
  for (std::size_t stream = 0; stream < kLogNames.size(); ++stream) {
    Result<LogDirectory> at = LogDirectory::enter(header, reader, one.process, run);
    if (!at) return;  // the run has no logs: it was not launched, or prints to the console
    if (stream == 0 && reactor_ != nullptr) {
      const Key key(one.process, run);
      const auto changed = [this, key] {
        pump(key);
        if (reactor_ != nullptr) transcript_.draw(reactor_->loop().now());
      };
      const Result<int> watch = reactor_->inotify().watch(
          at->watched_path("."),
          {[changed](std::string_view, std::uint32_t) { changed(); }, changed});
      // Without a watch, the output is shown when the run has ended.
      if (watch) one.watch = *watch;
    }
    Result<LogTail> log = LogTail::open(std::move(*at), kLogNames[stream]);
    if (log) one.logs[stream].emplace(std::move(*log));
  }
}

void RunOutput::print(const Followed& one, std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (name_width_ > 0) {
    LineStyle style;
    style.colour = colour_;
    const auto nth = order_.find(one.process);
    const std::size_t index = nth == order_.end() ? 0 : nth->second;
    const std::string name =
        pad_right(cut_middle(printable(one.process), name_width_), name_width_);
    text_ += coloured(name + " |", kColours[index % kColours.size()], style) + " ";
  }
  text_ += terminal_ ? printable_colours(line) : std::string(line);
  text_ += '\n';
}

void RunOutput::take(Followed& one, std::size_t stream, std::string_view bytes) {
  std::string& line = one.line[stream];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line.append(bytes.substr(0, end));
    if (end == std::string_view::npos && line.size() < kLongestLine) return;
    print(one, line);
    line.clear();
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
}

// Reads and prints at most `most` bytes of each log. Returns whether everything written so far was
// read.
bool RunOutput::read(Followed& one, std::uint64_t most) {
  bool all = true;
  for (std::size_t stream = 0; stream < kLogNames.size(); ++stream) {
    if (!one.logs[stream]) continue;
    const Result<bool> done = one.logs[stream]->read_some(
        [&](std::string_view bytes) { take(one, stream, bytes); }, most);
    if (!done) one.logs[stream].reset();
    all = all && (!done || *done);
  }
  if (all && one.ended) {
    for (std::string& line : one.line) {
      if (!line.empty()) print(one, line);
      line.clear();
    }
  }
  transcript_.print(text_);
  text_.clear();
  return all;
}

void RunOutput::pump(const Key& key) {
  const auto it = followed_.find(key);
  if (it == followed_.end()) return;
  if (out_.queued() <= kMostQueued) {
    const bool all = read(it->second, kOneLook);
    if (!all && more_) more_->on();
    if (all && it->second.ended) close(key);
  }
  if (out_.backlog()) wait_for_reader();
}

// Calls go_on() when out_ can take more text, because its reader is slower than the output.
void RunOutput::wait_for_reader() {
  if (writable_) writable_->wait();
}

void RunOutput::go_on() {
  more_->off();
  out_.flush(false);
  std::vector<Key> keys;
  for (const auto& [key, one] : followed_) keys.push_back(key);
  for (const Key& key : keys) pump(key);
  if (reactor_ != nullptr) transcript_.draw(reactor_->loop().now());
}

void RunOutput::close(const Key& key) {
  const auto it = followed_.find(key);
  if (it->second.watch >= 0 && reactor_ != nullptr) {
    reactor_->inotify().unwatch(it->second.watch);
  }
  followed_.erase(it);
}

void RunOutput::finish() {
  for (auto& [key, one] : followed_) {
    one.ended = true;
    bool all = false;
    while (!all && !out_.closed()) {
      all = read(one, kOneLook);
      out_.flush(true);
    }
  }
  followed_.clear();
}

}  // namespace thermos
