// A stream of frames over two descriptors, such as a pair of pipes. Each direction has the framing
// of a checkpoint stream (core/record/frame.h), and begins with a header with an epoch of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class FramePipe {
 public:
  struct Hooks {
    // A frame came; its payload is 8-byte aligned and valid during the call. An error ends the
    // pipe.
    std::function<Status(Bytes payload)> take;
    // Nothing more will come: the other end is closed, or it sent bytes that are not a frame.
    // Called once. In here, and in take(), the owner may destroy this.
    std::function<void(const std::string& why)> ended;
    // Takes each line in front of the header: a login shell may greet. If this is empty, the lines
    // are dropped.
    std::function<void(std::string_view line)> noise;
    // The pipe was full, and all bytes that waited are written now, so that there is room for more.
    // In here, nobody may destroy this. May be empty.
    std::function<void()> room = {};
  };

  // Makes `in` and `out` non-blocking. Never fails: a pipe that can't be used ends in the next
  // turn.
  FramePipe(Loop& loop, Descriptor in, Descriptor out, Hooks hooks);
  ~FramePipe();
  FramePipe(const FramePipe&) = delete;
  FramePipe& operator=(const FramePipe&) = delete;

  // Lets `append` append a frame to the bytes that wait, and advance the chain: see append_frame()
  // in capnp/nodes.h. flush() writes them.
  void send(const std::function<bool(std::uint32_t& chain, std::vector<std::byte>& out)>& append);
  // Writes the bytes that wait, as far as the pipe takes them; the rest follows when the pipe has
  // room. The owner calls this after send(), at the latest at the end of the turn.
  void flush();
  std::size_t unsent() const { return out_bytes_.size() - sent_; }

 private:
  void readable();
  // Returns false if this may be destroyed, or has ended.
  bool take_frames();
  bool find_header();
  void end(const std::string& why);
  void watch();

  Loop& loop_;
  Descriptor in_;
  Descriptor out_;
  Hooks hooks_;
  std::unique_ptr<Poll> in_poll_;
  std::unique_ptr<Poll> out_poll_;
  std::vector<std::byte> in_bytes_;
  std::size_t read_ = 0;  // how many bytes of in_bytes_ were read and not taken yet
  bool begun_ = false;    // the header was read
  std::size_t offset_ = 0;
  std::uint32_t in_chain_ = 0;
  std::vector<std::byte> out_bytes_;
  std::size_t sent_ = 0;
  bool waits_ = false;  // flush() waits for room in the pipe
  std::uint32_t out_chain_ = 0;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
