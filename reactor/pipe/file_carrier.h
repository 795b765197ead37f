// Carries files over a node's pipe, for one end of it. FileSending and FileReceiving (core/runner/)
// decide, and this class carries out their effects. Both ends use it: the leader, through whose
// sandbox all files go, and the node's server.
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
#include "reactor/pipe/sandbox_disk.h"

namespace thermos {

class FileCarrier {
 public:
  struct Hooks {
    // Sends a message to the other end, and writes as much as the pipe takes.
    std::function<void(nodes::FileMessage message)> say;
    // Returns how many bytes wait because the pipe is full.
    std::function<std::size_t()> unsent;
    // Whether the other end may offer this file of this process to this end.
    std::function<bool(ProcessIndex process, const std::string& path)> expects;
    // Whether a file that came completely may get its name; asked just before.
    std::function<bool()> may_place = [] { return true; };
    // Tells what became of the files of a run. In here, the owner may destroy this.
    std::function<void(const carry::Over& over)> over;
    // Tells why files can't be carried for now.
    std::function<void(const std::string& why)> rests;
  };

  // The loop and the deadlines outlive this.
  FileCarrier(Loop& loop, Deadlines& deadlines, SandboxDisk disk, Hooks hooks);
  // Removes a file that has not come completely.
  ~FileCarrier();
  FileCarrier(const FileCarrier&) = delete;
  FileCarrier& operator=(const FileCarrier&) = delete;

  // Sends the files of a run to the other end, behind those of earlier calls. Hooks::over() tells
  // the result.
  void carry(carry::Cargo cargo);
  // Gives up sending the files of a run; Hooks::over() is not called for them. Returns false if
  // they are not under way.
  bool forget(ProcessIndex process, std::uint32_t run);
  // Takes a message of the other end. Fails with Corrupt for a message that can't come.
  Status take(nodes::FileMessage message);
  // Continues to send, because the pipe has room again.
  void room();
  // Removes the parts of these files that an earlier server, or leader, has left: it may have been
  // killed while they came.
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
  // The file that is offered or sent.
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
  std::string piece_;  // the data of the last piece that came
  std::optional<std::string> refusal_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
