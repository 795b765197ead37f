#include "reactor/pipe/frame_pipe.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} * 1024;
// An end that sends as fast as we read must not hold up the loop.
constexpr int kReadsATurn = 16;
// A node's shell may greet, but not for ever.
constexpr std::size_t kMostNoise = std::size_t{64} * 1024;

// The most bytes that are kept in the buffer although they were sent.
constexpr std::size_t kMostKept = std::size_t{1024} * 1024;

std::uint64_t random_epoch() {
  std::uint64_t epoch = 0;
  if (::getrandom(&epoch, sizeof epoch, 0) != sizeof epoch || epoch == 0) epoch = 1;
  return epoch;
}

std::array<std::byte, 8> magic() {
  std::array<std::byte, kStreamHeaderBytes> header{};
  encode_stream_header({}, header);
  std::array<std::byte, 8> first{};
  std::copy_n(header.begin(), first.size(), first.begin());
  return first;
}

}  // namespace

FramePipe::FramePipe(Loop& loop, Descriptor in, Descriptor out, Hooks hooks)
    : loop_(loop), in_(std::move(in)), out_(std::move(out)), hooks_(std::move(hooks)) {
  ::fcntl(in_.get(), F_SETFL, ::fcntl(in_.get(), F_GETFL) | O_NONBLOCK);
  ::fcntl(out_.get(), F_SETFL, ::fcntl(out_.get(), F_GETFL) | O_NONBLOCK);
  const std::uint64_t epoch = random_epoch();
  out_bytes_.resize(kStreamHeaderBytes);
  encode_stream_header({kStreamVersion, epoch},
                       std::span<std::byte, kStreamHeaderBytes>(out_bytes_));
  out_chain_ = chain_start(epoch);
  in_poll_ = std::make_unique<Poll>(loop_, in_.get(), [this](int) { readable(); });
}

FramePipe::~FramePipe() = default;

// ---- reading -----------------------------------------------------------------------------------

void FramePipe::readable() {
  for (int i = 0; i < kReadsATurn; ++i) {
    if (in_bytes_.size() < read_ + kReadAtOnce) in_bytes_.resize(read_ + kReadAtOnce);
    const ssize_t size = ::read(in_.get(), in_bytes_.data() + read_, kReadAtOnce);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (size < 0) return end(error_text(errno));
    if (size == 0) return end("the other end has closed the pipe");
    read_ += static_cast<std::size_t>(size);
    if (!take_frames()) return;
    if (static_cast<std::size_t>(size) < kReadAtOnce) return;
  }
}

bool FramePipe::find_header() {
  const std::array<std::byte, 8> first = magic();
  const auto end_of_bytes = in_bytes_.begin() + static_cast<std::ptrdiff_t>(read_);
  const auto found = std::search(in_bytes_.begin(), end_of_bytes, first.begin(), first.end());
  if (found == end_of_bytes) {
    if (read_ <= kMostNoise) return false;
    end("what it says is not what a node's server says");
    return false;
  }
  if (hooks_.noise && found != in_bytes_.begin()) {
    std::string_view noise(reinterpret_cast<const char*>(in_bytes_.data()),
                           static_cast<std::size_t>(found - in_bytes_.begin()));
    while (!noise.empty()) {
      const std::size_t newline = std::min(noise.find('\n'), noise.size());
      if (newline > 0) hooks_.noise(noise.substr(0, newline));
      noise.remove_prefix(std::min(newline + 1, noise.size()));
    }
  }
  const auto before = static_cast<std::size_t>(found - in_bytes_.begin());
  in_bytes_.erase(in_bytes_.begin(), found);
  read_ -= before;
  return true;
}

bool FramePipe::take_frames() {
  const std::weak_ptr<bool> here = alive_;
  if (!begun_) {
    if (!find_header()) return !here.expired() && !ended_;
    if (read_ < kStreamHeaderBytes) return true;
    FrameScanner header(Bytes(in_bytes_.data(), kStreamHeaderBytes));
    if (header.next() == Verdict::Corrupt) {
      end("garbled: " + header.why());
      return false;
    }
    begun_ = true;
    offset_ = header.offset();
    in_chain_ = header.chain();
    in_bytes_.erase(in_bytes_.begin(), in_bytes_.begin() + kStreamHeaderBytes);
    read_ -= kStreamHeaderBytes;
  }
  FrameScanner frames = FrameScanner::tail(Bytes(in_bytes_.data(), read_), offset_, in_chain_);
  const std::size_t start = offset_;
  Verdict verdict = frames.next();
  for (; verdict == Verdict::Record; verdict = frames.next()) {
    const Status taken = hooks_.take(frames.payload());
    if (here.expired()) return false;
    if (ended_) return false;
    if (!taken) {
      end(taken.error().message);
      return false;
    }
  }
  if (verdict == Verdict::Corrupt) {
    end("garbled: " + frames.why());
    return false;
  }
  const std::size_t used = frames.offset() - start;
  offset_ = frames.offset();
  in_chain_ = frames.chain();
  std::memmove(in_bytes_.data(), in_bytes_.data() + used, read_ - used);
  read_ -= used;
  return true;
}

void FramePipe::end(const std::string& why) {
  if (ended_) return;
  ended_ = true;
  in_poll_.reset();
  out_poll_.reset();
  hooks_.ended(why);
}

// ---- writing -----------------------------------------------------------------------------------

void FramePipe::send(
    const std::function<bool(std::uint32_t& chain, std::vector<std::byte>& out)>& append) {
  if (!ended_) append(out_chain_, out_bytes_);
}

void FramePipe::flush() {
  while (!ended_ && sent_ < out_bytes_.size()) {
    const ssize_t size = ::write(out_.get(), out_bytes_.data() + sent_, out_bytes_.size() - sent_);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      watch();
      return;
    }
    if (size < 0) return;  // the reading half reports the end
    sent_ += static_cast<std::size_t>(size);
  }
  out_bytes_.clear();
  sent_ = 0;
  if (!std::exchange(waits_, false) || ended_) return;
  out_poll_->watch(0);
  // The hook is called even if flush() was not called by the poll, which is off from here on.
  if (hooks_.room) hooks_.room();
}

void FramePipe::watch() {
  // If there were always bytes that wait, the buffer would keep everything that was ever sent.
  if (sent_ >= kMostKept) {
    out_bytes_.erase(out_bytes_.begin(), out_bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  if (!out_poll_) {
    out_poll_ = std::make_unique<Poll>(loop_, out_.get(), [this](int) { flush(); });
  }
  waits_ = true;
  out_poll_->watch(UV_WRITABLE);
}

}  // namespace thermos
