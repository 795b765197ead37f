// One end of the carrying of files over a node's pipe. Carries out the effects of FileSending and
// FileReceiving (core/runner/), which decide. Both ends use it: the leader, whose sandbox is the
// hub, and the node's server.
//
// The disk is read, written and hashed on the loop, in pieces of 256 KiB at most: a piece takes a
// millisecond or two, and files come one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capnp/nodes.h"
#include "core/runner/file_receiving.h"
#include "core/runner/file_sending.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/node/sandbox_disk.h"

namespace thermos {

class FileCarrier {
 public:
  struct Hooks {
    // Sends a message to the other end, and writes what the pipe takes.
    std::function<void(nodes::FileMessage message)> say;
    // How many bytes wait because the pipe is full.
    std::function<std::size_t()> unsent;
    // Whether the other end has that file for this end.
    std::function<bool(ProcessIndex process, const std::string& path)> expects;
    // Asked before a file that came whole gets its name.
    std::function<bool()> may_place = [] { return true; };
    // What became of the files of a run. In here, the owner may destroy this.
    std::function<void(const carry::Over& over)> over;
    // They can't be carried for now, and why.
    std::function<void(const std::string& why)> rests;
  };

  // The loop and the deadlines outlive this.
  FileCarrier(Loop& loop, Deadlines& deadlines, SandboxDisk disk, Hooks hooks);
  // What has not come whole is removed.
  ~FileCarrier();
  FileCarrier(const FileCarrier&) = delete;
  FileCarrier& operator=(const FileCarrier&) = delete;

  // The files of a run go to the other end, behind those of others. Answered by over().
  void carry(carry::Cargo cargo);
  // They need not any more, and no answer comes. False if they are not under way.
  bool forget(ProcessIndex process, std::uint32_t run);
  // Takes a message of the other end. Fails with Corrupt for one that can't come.
  Status take(nodes::FileMessage message);
  // The pipe has room again.
  void room();
  // An earlier server, or leader, may have been killed while these files came.
  void remove_leftovers(const std::vector<std::string>& paths) const;

 private:
  void send(carry::SendingEvent event);
  void carry_out(const carry::Open& effect);
  void carry_out(const carry::Offer& effect);
  void carry_out(const carry::Send& effect);
  void carry_out(const carry::Close& effect);
  void carry_out(const carry::Drop& effect);
  void carry_out(const carry::Rest& effect);
  void carry_out(const carry::Over& effect);
  void send_pieces();
  bool send_piece();

  using NextEvent = std::optional<carry::ReceivingEvent>;
  Status receive(carry::ReceivingEvent event);
  NextEvent carry_out(const carry::Look& effect);
  NextEvent carry_out(const carry::Begin& effect);
  NextEvent carry_out(const carry::Write& effect);
  NextEvent carry_out(const carry::Place& effect);
  NextEvent carry_out(const carry::Discard& effect);
  NextEvent carry_out(const carry::Answer& effect);
  NextEvent carry_out(const carry::Refuse& effect);

  Deadlines& deadlines_;
  const SandboxDisk disk_;
  Hooks hooks_;
  FileSending sending_;
  std::deque<carry::SendingEvent> events_;  // for sending_
  bool handling_ = false;
  FileSource source_;
  // What is offered or sent.
  struct {
    ProcessIndex process = 0;
    std::string path;
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
    bool under_way = false;
  } sent_;
  WhileBusy busy_;
  std::optional<Deadlines::Key> rest_;
  FileReceiving receiving_;
  FileTarget target_;
  std::string piece_;  // that came
  std::optional<std::string> refusal_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
