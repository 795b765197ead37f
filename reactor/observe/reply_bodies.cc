#include "reactor/observe/reply_bodies.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace thermos::observe {
namespace {

// Copies the next bytes of `text`, from the offset `at` on, and advances `at`.
std::size_t copy_on(std::string_view text, std::size_t& at, std::span<char> room) {
  const std::size_t count = std::min(room.size(), text.size() - at);
  std::memcpy(room.data(), text.data() + at, count);
  at += count;
  return count;
}

// A body that is made piece by piece, as its reader takes it.
class PiecesBody : public Body {
 public:
  Given read(std::span<char> room) override {
    std::size_t written = 0;
    while (written < room.size()) {
      if (at_ < piece().size()) {
        written += copy_on(piece(), at_, room.subspan(written));
        continue;
      }
      if (over_) break;
      next_piece();
    }
    return {written == 0 ? Next::End : Next::Bytes, written};
  }

 protected:
  virtual std::string_view piece() const = 0;
  // Makes the next piece and sets at_ to 0. Sets over_ with the last piece.
  virtual void next_piece() = 0;

  std::size_t at_ = 0;  // the offset in the piece
  bool over_ = false;
};

class RowsBody : public PiecesBody {
  static constexpr const char* kEnd = "]}\n";

 public:
  RowsBody(const std::string& position, RootMirror::Rows rows,
           std::function<bool(const RootMirror::Row&)> wants, std::uint64_t limit)
      : rows_(std::move(rows)), wants_(std::move(wants)), left_(limit) {
    piece_ = "{\"position\":\"" + position + "\",\"tasks\":[";
  }

 private:
  std::string_view piece() const override {
    return row_ ? std::string_view(*row_) : std::string_view(piece_);
  }

  // The next piece is a row, a comma between two rows, or the end after the last row.
  void next_piece() override {
    at_ = 0;
    if (row_) {
      coming_ = next_row();
      row_.reset();
      piece_ = coming_ == nullptr ? kEnd : ",";
    } else {
      const RootMirror::Row* const row = coming_ != nullptr ? coming_ : next_row();
      coming_ = nullptr;
      if (row != nullptr) {
        row_ = row->text;
        return;
      }
      piece_ = kEnd;
    }
    over_ = piece_ == kEnd;
  }

  const RootMirror::Row* next_row() {
    while (left_ > 0 && next_ < rows_->size()) {
      const RootMirror::Row& row = (*rows_)[next_++];
      if (!wants_(row)) continue;
      --left_;
      return &row;
    }
    return nullptr;
  }

  RootMirror::Rows rows_;
  std::function<bool(const RootMirror::Row&)> wants_;
  std::uint64_t left_;
  std::size_t next_ = 0;
  std::shared_ptr<const std::string> row_;  // the row that is being written; nullptr: piece_ is
  std::string piece_;
  const RootMirror::Row* coming_ = nullptr;  // the row after the comma that is being written
};

class TaskBody : public PiecesBody {
 public:
  TaskBody(const Json& head, std::shared_ptr<const History> history)
      : history_(std::move(history)), piece_(json_line(head)) {
    piece_.back() = ',';  // in the place of the '}'
    piece_ += "\"processes\":{";
  }

 private:
  std::string_view piece() const override { return piece_; }

  void next_piece() override {
    at_ = 0;
    while (next_ < history_->processes().size()) {
      const ProcessHistory& process = history_->process(next_++);
      if (!has_past(process)) continue;
      piece_ = std::exchange(first_, false) ? "" : ",";
      piece_ += json_line(Json(process.name)) + ":" + json_line(runs_json(process));
      return;
    }
    piece_ = "}}\n";
    over_ = true;
  }

  std::shared_ptr<const History> history_;
  std::string piece_;
  std::uint32_t next_ = 0;
  bool first_ = true;
};

class FileBody : public Body {
 public:
  FileBody(Descriptor file, std::uint64_t first, std::uint64_t length)
      : file_(std::move(file)), at_(first), length_(length), left_(length) {}

  Given read(std::span<char> room) override {
    if (left_ == 0) return {Next::End, 0};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left_));
    ssize_t got = -1;
    do {
      got = ::pread(file_.get(), room.data(), wanted, static_cast<off_t>(at_));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return {Next::Broken, 0};
    at_ += static_cast<std::uint64_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
    return {Next::Bytes, static_cast<std::size_t>(got)};
  }
  std::optional<std::uint64_t> size() const override { return length_; }

 private:
  Descriptor file_;
  std::uint64_t at_;
  std::uint64_t length_;
  std::uint64_t left_;
};

class FollowBody : public Body {
 public:
  FollowBody(LogTail tail, std::function<bool()> over, EventRing& events, DirectoryWatches& watches)
      : tail_(std::move(tail)), over_(std::move(over)), listener_(events, [this] {
          if (over_()) tell_more();
        }) {
    watch_ = watches.add(tail_.watched_path("."), [this] { tell_more(); });
  }

  Given read(std::span<char> room) override {
    if (at_ == piece_.size()) {
      // over_() is called before the log is read, so that everything that the run printed before
      // its end is read, too.
      const bool over = over_();
      at_ = 0;
      piece_.clear();
      const Result<bool> end =
          tail_.read_some([this](std::string_view bytes) { piece_ += bytes; }, 1);
      if (!end) return {Next::Broken, 0};
      if (piece_.empty()) return {over ? Next::End : Next::Wait, 0};
    }
    return {Next::Bytes, copy_on(piece_, at_, room)};
  }
  bool is_stream() const override { return true; }

 private:
  LogTail tail_;
  std::function<bool()> over_;
  EventRing::Listener listener_;
  DirectoryWatches::Watch watch_;
  std::string piece_;
  std::size_t at_ = 0;
};

class EventsBody : public Body {
 public:
  EventsBody(EventRing& events, std::uint64_t from, std::string first)
      : events_(events),
        listener_(events, [this] { tell_more(); }),
        number_(from),
        text_(std::make_shared<const std::string>(std::move(first))) {}

  Given read(std::span<char> room) override {
    std::size_t written = 0;
    while (written < room.size()) {
      if (at_ < text_->size()) {
        written += copy_on(*text_, at_, room.subspan(written));
        continue;
      }
      if (number_ == events_.last()) break;
      next_event();
    }
    return {written == 0 ? Next::Wait : Next::Bytes, written};
  }
  bool is_stream() const override { return true; }

 private:
  void next_event() {
    at_ = 0;
    text_ = events_.text(number_ + 1);
    if (text_) {
      ++number_;
      return;
    }
    // The client read too slowly and has to load everything again.
    number_ = events_.last();
    text_ = std::make_shared<const std::string>(
        server_sent("reset", events_.position(), "{\"position\":\"" + events_.position() + "\"}"));
  }

  EventRing& events_;
  EventRing::Listener listener_;
  std::uint64_t number_;  // the last event that was written, or is being written
  std::shared_ptr<const std::string> text_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<Body> rows_body(const std::string& position, RootMirror::Rows rows,
                                std::function<bool(const RootMirror::Row&)> wants,
                                std::uint64_t limit) {
  return std::make_unique<RowsBody>(position, std::move(rows), std::move(wants), limit);
}

std::unique_ptr<Body> task_body(const Json& head, std::shared_ptr<const History> history) {
  return std::make_unique<TaskBody>(head, std::move(history));
}

std::unique_ptr<Body> file_body(Descriptor file, std::uint64_t first, std::uint64_t length) {
  return std::make_unique<FileBody>(std::move(file), first, length);
}

std::unique_ptr<Body> follow_body(LogTail tail, std::function<bool()> over, EventRing& events,
                                  DirectoryWatches& watches) {
  return std::make_unique<FollowBody>(std::move(tail), std::move(over), events, watches);
}

std::unique_ptr<Body> events_body(EventRing& events, std::uint64_t from, std::string first) {
  return std::make_unique<EventsBody>(events, from, std::move(first));
}

}  // namespace thermos::observe
