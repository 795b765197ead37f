// The reactor's end of the fork server: hands launches over and takes the answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "capnp/launch.h"
#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Runs one thermos-coordinator as a child, which makes coordinators that are our children too:
// their ends, and the server's own, are SIGCHLD and waitpid(-1), which are not this class's. A
// coordinator's end may be reaped before its answer is read.
//
// Nothing here blocks. Poll fd() for reading, and for writing while wants_write(); it changes with
// restart().
class ForkServer {
 public:
  enum class SendOutcome : std::uint8_t {
    Sent,    // the server has it, or will
    Queued,  // it waits here, with its descriptors, for on_writable() or an answer
  };

  // Starts `program`, or, when it is empty, the thermos-coordinator that belongs to this program:
  // beside it, or where it was installed. An error says where it was looked for.
  static Result<ForkServer> start(std::string program = {});

  ForkServer(ForkServer&&) noexcept = default;
  ForkServer& operator=(ForkServer&&) noexcept = default;
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;
  // Closes the socket: the server carries out what it has received and exits. Coordinators live on.
  ~ForkServer() = default;

  // Hands a launch over, in the order of the calls. `stream` is locked and O_APPEND; all three are
  // closed here once they are sent, so the lock lives on in the message and then in the
  // coordinator. An error means that it will not be launched, and the descriptors are closed:
  // System when the machine is short of something now, Usage when this launch can never be passed
  // on. `group` is the directory of the control
  // group for the process, if it gets one; `more` are the logger's, in the order of launch.capnp.
  Result<SendOutcome> launch(const Launch& launch, Descriptor stream, Descriptor out,
                             Descriptor err, Descriptor group = {},
                             std::vector<Descriptor> more = {});

  // The next answer; nothing when there is none for now. Call until it says nothing, then look at
  // died(). An answer's error: EAGAIN, ENOMEM and the like are the machine's shortage; EBADMSG
  // means that the server did not get the launch whole. The stream's lock is free by then.
  std::optional<Launched> receive();

  bool wants_write() const;
  // Sends what is queued, as far as it goes. A launch that can't be passed on at all comes out of
  // receive() with its errno, like one that the server could not carry out.
  void on_writable();

  // The server is gone, which shows itself as fd() being readable and receive() dry. launch() goes
  // on to queue.
  bool died() const { return died_; }
  // Starts another server, to which what is queued goes with on_writable(). Returns the tickets of
  // the launches that were handed to the old one and not answered: each may have its coordinator or
  // not, which its stream's lock tells. An error leaves everything as it was: try again later.
  Result<std::vector<std::uint64_t>> restart();

  // The next failure of a coordinator that this or an earlier server made; nothing when there is
  // none for now. Poll write_failure_fd(), which stays the same, for reading.
  std::optional<WriteFailure> receive_write_failure();
  int write_failure_fd() const { return write_failures_.get(); }

  int fd() const { return socket_.get(); }
  std::int32_t pid() const { return pid_; }
  std::size_t unanswered() const { return sent_.size() + queue_.size(); }

 private:
  struct Pending {
    std::uint64_t ticket = 0;
    std::vector<std::byte> message;
    std::array<Descriptor, 3> descriptors;
    std::vector<Descriptor> more;
    Descriptor group;
  };

  explicit ForkServer(std::string program) : program_(std::move(program)) {}
  Status open_write_failures();
  Status spawn();
  bool has_room() const;
  // 0, or the errno with which it was refused.
  int send(const Pending& pending);
  void flush();

  std::string program_;
  Descriptor socket_;
  Descriptor write_failures_;
  Descriptor their_write_failures_;  // kept for the next server
  std::int32_t pid_ = 0;
  bool died_ = false;
  bool broken_ = false;   // nothing can be sent any more
  bool blocked_ = false;  // the socket is full
  std::unordered_set<std::uint64_t> sent_;
  std::deque<Pending> queue_;
  std::deque<Launched> refused_;
};

}  // namespace thermos
