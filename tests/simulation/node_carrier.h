// Carries files over a node's pipe, at either end of it: the executor of the two real machines
// (core/runner/file_sending.h, file_receiving.h), as FileCarrier is. Disks are full at times, and
// files change while they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "capnp/nodes.h"
#include "core/runner/file_receiving.h"
#include "core/runner/file_sending.h"
#include "node_disk.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeCarrier {
 public:
  struct Hooks {
    // Sends a message to the other end.
    std::function<void(const nodes::FileMessage& message)> say;
    // What became of the files of a run. In here, the owner may destroy this.
    std::function<void(const carry::Over& over)> over;
    // Whether what came whole may be placed.
    std::function<bool()> may_place = [] { return true; };
    // Does it after a while, if whoever carries lives and is awake.
    std::function<void(Microseconds delay, Timeline::Action action)> after;
  };

  // Both outlive this.
  NodeCarrier(NodeSurroundings& around, NodeDisk& disk, Hooks hooks)
      : around_(around), disk_(disk), hooks_(std::move(hooks)) {}
  NodeCarrier(const NodeCarrier&) = delete;
  NodeCarrier& operator=(const NodeCarrier&) = delete;

  void carry(carry::Cargo cargo) { send(carry::Carry{std::move(cargo)}); }
  // False if they are not under way.
  bool forget(ProcessIndex process, std::uint32_t run);
  void take(const nodes::FileMessage& message);

 private:
  void send(carry::SendingEvent event);
  void carry_out(const carry::Open& effect);
  void carry_out(const carry::Offer& effect);
  void carry_out(const carry::Send& effect);
  void carry_out(const carry::Close& effect);
  void carry_out(const carry::Drop& effect);
  void carry_out(const carry::Rest& effect);
  void carry_out(const carry::Over& effect);
  void send_piece(std::uint64_t number, std::size_t at);
  void after(Microseconds delay, Timeline::Action action);

  using NextEvent = std::optional<carry::ReceivingEvent>;
  void receive(carry::ReceivingEvent event);
  NextEvent carry_out(const carry::Look& effect);
  NextEvent carry_out(const carry::Begin& effect);
  NextEvent carry_out(const carry::Write& effect);
  NextEvent carry_out(const carry::Place& effect);
  NextEvent carry_out(const carry::Discard& effect);
  NextEvent carry_out(const carry::Answer& effect);
  NextEvent carry_out(const carry::Refuse& effect);
  carry::ReceivingEvent done_unless_full();

  NodeSurroundings& around_;
  NodeDisk& disk_;
  Hooks hooks_;
  FileSending sending_;
  std::deque<carry::SendingEvent> events_;  // for sending_
  bool handling_ = false;
  struct {
    ProcessIndex process = 0;
    std::string path;
    NodeFile file;
    std::uint64_t number = 0;
    bool under_way = false;
    bool changed = false;  // the time before
  } sent_;
  FileReceiving receiving_;
  std::string target_;  // the path of the file that comes
  std::string part_;    // what came of it
  std::string piece_;   // that came
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos::sim
