// The state machine of the end of a node's pipe that gets files from the other one, one at a time.
// See file_carrying.h.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/runner/file_carrying.h"

namespace thermos {

namespace carry {

// ---- events -------------------------------------------------------------------------

struct Offered {
  std::uint64_t number = 0;
  std::string path;
  FileFacts facts;
};
// Answers Look. `same`: the file at the path is the one that was offered.
struct Looked {
  bool same = false;
};
// Answers Begin, Write and Place when they worked.
struct Done {};
// Answers Look, Begin, Write or Place: it can't be done.
struct NotDone {
  Failure failure;
};
struct PieceCame {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
struct EndCame {
  std::uint64_t number = 0;
  Digest digest{};
};
// The other end sends no more of this offer.
struct Dropped {
  std::uint64_t number = 0;
};

using ReceivingEvent = std::variant<Offered, Looked, Done, NotDone, PieceCame, EndCame, Dropped>;

// ---- effects ------------------------------------------------------------------------

// Find out whether the file at this path is the one with these facts.
struct Look {
  std::string path;
  FileFacts facts;
};
// Create the file under another name.
struct Begin {
  std::string path;
  FileFacts facts;
};
// Append the piece that came to the file.
struct Write {};
// If the file has this digest, make sure that it is on the disk, and rename it to its path.
struct Place {
  Digest digest{};
};
// Remove the unfinished file.
struct Discard {};
struct Answer {
  std::uint64_t number = 0;
  Reply reply = Reply::Wanted;
  Failure failure{};
};
// An impossible message came: the other end breaks the protocol.
struct Refuse {
  std::string why;
};

using ReceivingEffect = std::variant<Look, Begin, Write, Place, Discard, Answer, Refuse>;

enum class ReceivingState : std::uint8_t {
  Idle,
  Looking,    // Look is not answered yet
  Beginning,  // Begin is not answered yet
  Receiving,  // pieces are expected
  Writing,    // Write is not answered yet
  Placing,    // Place is not answered yet
};

}  // namespace carry

class FileReceiving {
 public:
  // Takes one event and returns effects. A Look, Begin, Write or Place is the last of its list, and
  // its answer must be the next event. Events of an earlier offer are ignored.
  std::vector<carry::ReceivingEffect> handle(const carry::ReceivingEvent& event);

  carry::ReceivingState state() const { return state_; }

 private:
  using State = carry::ReceivingState;

  void on(const carry::Offered& event);
  void on(const carry::Looked& event);
  void on(const carry::Done& event);
  void on(const carry::NotDone& event);
  void on(const carry::PieceCame& event);
  void on(const carry::EndCame& event);
  void on(const carry::Dropped& event);

  void discard();
  void answer(carry::Reply reply, carry::Failure failure = {});

  template <typename T>
  void add(T effect) {
    effects_.emplace_back(std::move(effect));
  }

  carry::ReceivingState state_ = carry::ReceivingState::Idle;
  carry::Offered offer_;
  std::uint64_t came_ = 0;  // how many bytes of it came
  std::vector<carry::ReceivingEffect> effects_;
};

}  // namespace thermos
