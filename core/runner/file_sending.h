// The state machine of the end of a node's pipe that has files for the other one: the files of one
// run after those of another, one file at a time. See file_carrying.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/runner/file_carrying.h"
#include "core/task/task.h"

namespace thermos {

namespace carry {

// The files of one run, in their order.
struct Cargo {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::vector<std::string> paths;  // in the sandbox
  // If either machine is short of something, the file is tried again until that works.
  bool insists = false;
};

// ---- events ---------------------------------------------------------------------------

// The files of this run are to be carried, behind those asked for before. Answered by Over.
struct Carry {
  Cargo cargo;
};
// The files of this run are not wanted any more: no Over follows. Ignored if there are none.
struct Forget {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};
// Answer Open.
struct Opened {};
struct NotOpened {
  Failure failure;
};
// The other end has answered the offer of this number.
struct Replied {
  std::uint64_t number = 0;
  Reply reply = Reply::Wanted;
  Failure failure{};
};
// Answer Send, later: the whole file was sent; it changed meanwhile; it could not be read.
struct Sent {};
struct Changed {};
struct NotRead {
  Failure failure;
};
// The time of Rest is over.
struct Rested {};

using SendingEvent =
    std::variant<Carry, Forget, Opened, NotOpened, Replied, Sent, Changed, NotRead, Rested>;

// ---- effects --------------------------------------------------------------------------

struct Open {
  ProcessIndex process = 0;
  std::string path;
};
// Offer the open file to the other end.
struct Offer {
  std::uint64_t number = 0;
};
// Send the file's contents, piece by piece, and the digest.
struct Send {
  std::uint64_t number = 0;
};
struct Close {};
// Tell the other end that nothing more comes of this offer.
struct Drop {
  std::uint64_t number = 0;
};
// Send Rested after a while.
struct Rest {
  std::string why;
};
// All files of the run are at the other end, or (`failure`) one of them can't be carried.
struct Over {
  Cargo cargo;
  std::optional<Failure> failure;
};

using SendingEffect = std::variant<Open, Offer, Send, Close, Drop, Rest, Over>;

enum class SendingState : std::uint8_t {
  Idle,
  Opening,  // Open is not answered yet
  Offered,  // the other end has not said whether it wants the file
  Sending,  // the pieces are on their way
  Placing,  // all was sent
  Resting,  // until the next try
};

}  // namespace carry

class FileSending {
 public:
  // Takes one event and returns effects. An event that can't come in this state is ignored: it was
  // on its way when the state changed.
  std::vector<carry::SendingEffect> handle(const carry::SendingEvent& event);

  carry::SendingState state() const { return state_; }
  // Returns whether the files of that run are under way, or wait.
  bool has(ProcessIndex process, std::uint32_t run) const;

 private:
  using State = carry::SendingState;

  void on(const carry::Carry& event);
  void on(const carry::Forget& event);
  void on(const carry::Opened& event);
  void on(const carry::NotOpened& event);
  void on(const carry::Replied& event);
  void on(const carry::Sent& event);
  void on(const carry::Changed& event);
  void on(const carry::NotRead& event);
  void on(const carry::Rested& event);

  const std::string& path() const { return queue_.front().paths[at_]; }
  void open();
  void close();
  void drop();
  void next_file();
  void fail(carry::Failure failure);
  void over(std::optional<carry::Failure> failure);
  void begin_next();

  template <typename T>
  void add(T effect) {
    effects_.emplace_back(std::move(effect));
  }

  carry::SendingState state_ = carry::SendingState::Idle;
  std::deque<carry::Cargo> queue_;  // the first one is under way, except in Idle
  std::size_t at_ = 0;              // which of the paths of the first one
  std::uint32_t changes_ = 0;       // how often that file changed, in a row
  std::uint64_t number_ = 0;        // of the last offer
  bool is_open_ = false;
  bool offered_ = false;  // the other end has not said the last word on the last offer
  std::vector<carry::SendingEffect> effects_;
};

}  // namespace thermos
