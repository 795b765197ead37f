#include "reactor/daemon/past_events.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "capnp/codec.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// The bytes that are read of one stream at a time.
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
  // Reads on until there are events, or no more can come.
  void read_on() {
    const auto file = open_stream(path_);
    struct stat info {};
    if (!file || fstat(file->get(), &info) != 0) return;
    if (inode_ != info.st_ino) {
      // The stream was compacted, so this is another file, which is read from its beginning.
      inode_ = info.st_ino;
      position_ = {};
    }
    while (!over_ && events_.empty()) {
      const auto end = read_part(file->get(), path_, position_, kWindow, [&](Bytes payload) {
        take(payload);
        return Status(Done{});
      });
      if (!end || *end) return;
    }
  }

  void take(Bytes payload) {
    const std::uint64_t position = position_of(payload);
    over_ = over_ || position > until_;
    if (position <= behind_ || over_) return;
    behind_ = position;
    events_.push_back({position, task_id_, {payload.begin(), payload.end()}});
  }

  std::string path_;
  std::string task_id_;
  std::uint64_t behind_;
  std::uint64_t until_;
  ino_t inode_ = 0;
  StreamPosition position_;
  bool over_ = false;
  std::deque<control::Event> events_;
};

namespace {

// Makes a heap whose front has the lowest position.
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
