// The reactor's end of the fork server: sends launches and receives the answers.
#pragma once

#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "capnp/launch.h"
#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Runs one thermos-coordinator as a child. The coordinators that it clones are our children too.
// This class does not reap: the ends of the coordinators and of the server come by SIGCHLD and
// waitpid(-1). A coordinator may be reaped before the answer with its pid is read.
//
// Nothing here blocks. Poll fd() for reading, and for writing while wants_write(). restart()
// changes fd().
class ForkServerClient {
 public:
  enum class SendOutcome : std::uint8_t {
    Sent,    // the message is in the socket
    Queued,  // the message waits here, with its descriptors, until on_writable() or an answer comes
  };

  // Starts `program`. If that is empty, starts the thermos-coordinator in this program's directory
  // or where it was installed; when there is none, the error names the places. The present soft
  // limit of descriptors also holds for a server that restart() starts.
  static Result<ForkServerClient> start(std::string program = {});

  ForkServerClient(ForkServerClient&&) noexcept = default;
  ForkServerClient& operator=(ForkServerClient&&) noexcept = default;
  ForkServerClient(const ForkServerClient&) = delete;
  ForkServerClient& operator=(const ForkServerClient&) = delete;
  // Closes the socket. The server then handles the launches in the socket and exits; coordinators
  // live on.
  ~ForkServerClient() = default;

  // Sends a launch, in the order of the calls. `stream` is locked and O_APPEND. `make_group` is
  // called when the launch is sent: it makes the process's control group and returns its directory,
  // or nothing. `more` are the logger's descriptors in the order of launch.capnp. All descriptors
  // are closed here when they were sent, so the message, and then the coordinator, holds the lock.
  // An error means that the process is not launched and the descriptors are closed: System for a
  // shortage that may be temporary, Usage if this launch can never be sent.
  using MakeGroup = std::function<Descriptor()>;
  Result<SendOutcome> launch(const Launch& launch, Descriptor stream, Descriptor out,
                             Descriptor err, MakeGroup make_group = {},
                             std::vector<Descriptor> more = {});

  // Queues launches and does not send them until go_on(). This is for a server that is not in its
  // control group yet: its coordinators would stay in the group where they are made.
  void hold() { held_ = true; }
  void go_on();

  // Returns the next answer, or nothing if there is none now. Call it until it returns nothing,
  // then check died(). An answer may have an error: EAGAIN, ENOMEM and similar ones mean a
  // shortage, EBADMSG that the server did not receive the whole launch. The stream's lock is free
  // by then.
  std::optional<Launched> receive();

  bool wants_write() const;
  // Sends queued launches until the socket is full. For a launch that cannot be sent at all,
  // receive() returns an answer with the errno, as for one that the server refused.
  void on_writable();

  // Whether the server is gone: fd() is readable and receive() returns nothing. launch() still
  // queues.
  bool died() const { return died_; }
  // Starts another server; on_writable() sends it the queued launches. Returns the tickets of
  // launches that were sent to the old server and not answered: each may have a coordinator or not,
  // and its stream's lock tells which. After an error nothing has changed, and the caller may try
  // again.
  Result<std::vector<std::uint64_t>> restart();

  // Returns the next failed append that a coordinator of this or an earlier server reported, or
  // nothing. Poll write_failure_fd() for reading; restart() does not change it.
  std::optional<WriteFailure> receive_write_failure();
  int write_failure_fd() const { return write_failures_.get(); }

  int fd() const { return socket_.get(); }
  std::int32_t pid() const { return pid_; }
  std::size_t unanswered() const { return sent_.size() + queue_.size(); }
  // Whether receive() may return something other than the server's end.
  bool expects_answer() const { return !sent_.empty() || !refused_.empty(); }

 private:
  struct Pending {
    std::uint64_t ticket = 0;
    std::vector<std::byte> message;
    std::array<Descriptor, 3> descriptors;
    std::vector<Descriptor> more;
    MakeGroup make_group;
    Descriptor group;
  };

  explicit ForkServerClient(std::string program) : program_(std::move(program)) {}
  Status open_write_failures();
  Status spawn();
  bool has_room() const;
  // Returns 0, or the errno of sendmsg(2).
  int send(const Pending& pending);
  void flush();
  // Reads answers from the socket with one system call, at most as many as are expected. Returns 0,
  // or the errno of the call.
  int read_answers();

  std::string program_;
  rlim_t descriptors_ = RLIM_INFINITY;  // the server's soft limit
  Descriptor socket_;
  Descriptor write_failures_;
  Descriptor their_write_failures_;  // kept for the next server
  std::int32_t pid_ = 0;
  bool died_ = false;
  bool broken_ = false;   // sending is not possible any more
  bool blocked_ = false;  // the socket is full
  bool held_ = false;
  std::deque<std::optional<Launched>> answers_;  // read, but not returned yet; nullopt: not valid
  bool all_read_ = false;                        // the socket had no more answers than these
  std::unordered_set<std::uint64_t> sent_;
  std::deque<Pending> queue_;
  std::deque<Launched> refused_;
};

}  // namespace thermos
