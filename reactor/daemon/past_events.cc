#include "reactor/daemon/past_events.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "capnp/codec.h"
#include "core/record/frame.h"
#include "reactor/os/descriptor.h"

namespace thermos {
namespace {

// Of one stream, at a time.
constexpr std::size_t kWindow = std::size_t{16} * 1024;

}  // namespace

class PastEvents::Stream {
 public:
  Stream(std::string path, std::string task_id, std::uint64_t since, std::uint64_t until)
      : path_(std::move(path)), task_id_(std::move(task_id)), behind_(since), until_(until) {
    read_on();
  }

  bool empty() const { return events_.empty(); }
  std::uint64_t position() const { return events_.front().position; }
  control::Event take() {
    control::Event event = std::move(events_.front());
    events_.pop_front();
    if (events_.empty()) read_on();
    return event;
  }

 private:
  // Until there are events, or no more can come.
  void read_on() {
    const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
    if (inode_ != info.st_ino) {
      // It was compacted: another file, in which we stand nowhere yet.
      inode_ = info.st_ino;
      offset_ = 0;
      chain_ = 0;
    }
    const auto size = static_cast<std::size_t>(info.st_size);
    std::size_t window = kWindow;
    while (!over_ && events_.empty() && offset_ < size) {
      std::vector<std::uint64_t> words(std::min(window, size - offset_) / 8 + 1);
      const auto bytes = std::as_writable_bytes(std::span(words));
      const ssize_t got = pread(file.get(), bytes.data(), std::min(window, size - offset_),
                                static_cast<off_t>(offset_));
      if (got <= 0) return;
      const std::size_t before = offset_;
      if (!take_frames(bytes.first(static_cast<std::size_t>(got)))) return;
      if (offset_ > before) continue;
      if (window >= size - before) return;  // the rest is no whole frame
      window *= 2;
    }
  }

  // False: nothing behind this can be read.
  bool take_frames(Bytes bytes) {
    FrameScanner scanner = FrameScanner::tail(bytes, offset_, chain_);
    Verdict verdict = Verdict::End;
    while ((verdict = scanner.next()) == Verdict::Record) {
      const std::uint64_t position = position_of(scanner.payload());
      over_ = over_ || position > until_;
      if (position > behind_ && !over_) {
        behind_ = position;
        events_.push_back(
            {position, task_id_, {scanner.payload().begin(), scanner.payload().end()}});
      }
    }
    offset_ = scanner.offset();
    chain_ = scanner.chain();
    return verdict != Verdict::Corrupt;
  }

  std::string path_;
  std::string task_id_;
  std::uint64_t behind_;
  std::uint64_t until_;
  ino_t inode_ = 0;
  std::size_t offset_ = 0;
  std::uint32_t chain_ = 0;
  bool over_ = false;
  std::deque<control::Event> events_;
};

namespace {

// For a heap with the smallest in front.
constexpr auto kLater = [](const auto& a, const auto& b) { return a->position() > b->position(); };

}  // namespace

PastEvents::PastEvents(const Paths& paths, std::vector<Source> sources, std::uint64_t since,
                       std::uint64_t until)
    : paths_(paths), sources_(std::move(sources)), since_(since), until_(until) {
  std::sort(sources_.begin(), sources_.end(),
            [](const Source& a, const Source& b) { return a.first > b.first; });
}

PastEvents::~PastEvents() = default;

void PastEvents::put_back(std::unique_ptr<Stream> stream) {
  if (stream->empty()) return;
  streams_.push_back(std::move(stream));
  std::push_heap(streams_.begin(), streams_.end(), kLater);
}

void PastEvents::open(const Source& source) {
  put_back(std::make_unique<Stream>(paths_.runner_stream(source.task_id), source.task_id, since_,
                                    until_));
}

std::optional<control::Event> PastEvents::step() {
  if (done()) return std::nullopt;
  if (streams_.empty() ||
      (!sources_.empty() && sources_.back().first <= streams_.front()->position())) {
    open(sources_.back());
    sources_.pop_back();
    return std::nullopt;
  }
  std::pop_heap(streams_.begin(), streams_.end(), kLater);
  std::unique_ptr<Stream> earliest = std::move(streams_.back());
  streams_.pop_back();
  control::Event event = earliest->take();
  put_back(std::move(earliest));
  return event;
}

}  // namespace thermos
