// The messages between the leader of a task and a node's server as plain structs. nodes.capnp is
// their form on the wire and documents each field; NODES.md describes the protocol. A record is a
// Record's payload (capnp/codec.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"
#include "core/runner/effects.h"
#include "core/runner/events.h"
#include "core/runner/file_receiving.h"
#include "core/runner/file_sending.h"
#include "core/runner/placement.h"

namespace thermos::nodes {

inline constexpr std::uint32_t kProtocol = 2;
// The most bytes of a configuration in one message.
inline constexpr std::size_t kConfigurationPart = std::size_t{256} * 1024;
// The most numbers in one Seqs.
inline constexpr std::size_t kSeqsAtOnce = std::size_t{32} * 1024;

// The most bytes of a file in one FilePiece.
inline constexpr std::size_t kFilePiece = std::size_t{256} * 1024;

using Payload = std::vector<std::byte>;

// Returns the record as the payload of a stream's frame.
Payload payload_of(const thermos::Record& record);

// ---- files, in either direction ----------------------------------------------------------------

struct FileOffer {
  ProcessIndex process = 0;
  carry::Offered offer;
};
struct FilePiece {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::string data;
};

using FileMessage =
    std::variant<FileOffer, FilePiece, carry::EndCame, carry::Replied, carry::Dropped>;

// ---- to a node ---------------------------------------------------------------------------------

struct Hello {
  std::uint32_t protocol = kProtocol;
  std::uint64_t lead = 0;
  std::string node;
  std::string root;
  Payload header;
  std::uint64_t configuration_bytes = 0;
};
struct Configuration {
  std::string part;
};
struct KnownRun {
  ProcessIndex process = 0;
  std::vector<Payload> records;
};
struct Seqs {
  ProcessIndex first = 0;
  std::vector<std::uint64_t> next;
};
struct Listed {};
struct Start {
  KnownRun known;
  std::uint64_t seq = 0;
  TaskState goal = TaskState::Success;
};
struct Stop {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool hard = false;
  std::uint8_t signal = 0;
};
struct Clean {};
struct Finish {};

using ToNode = std::variant<Hello, Configuration, KnownRun, Seqs, Listed, Start, Stop,
                            thermos::Sweep, thermos::Look, thermos::Probe, Clean, Finish, FileOffer,
                            FilePiece, carry::EndCame, carry::Replied, carry::Dropped>;

// ---- from a node -------------------------------------------------------------------------------

struct Welcome {
  std::uint32_t protocol = kProtocol;
  BootId boot;
  std::string hostname;
  std::int32_t pid = 0;
  Room room;
};
struct Refused {
  std::string reason;
  bool superseded = false;
};
struct NodeRecord {
  ProcessIndex process = 0;
  Payload record;
};
struct Told {};
struct Cleaned {};
struct Quiet {};
struct Stopped {
  std::string reason;
};

using FromNode =
    std::variant<Welcome, Refused, NodeRecord, thermos::CoordinatorGone, thermos::Swept,
                 thermos::LaunchFailed, thermos::LaunchCancelled, thermos::ProbeAnswered,
                 thermos::ShortageChanged, Told, Cleaned, Quiet, Stopped, FileOffer, FilePiece,
                 carry::EndCame, carry::Replied, carry::Dropped>;

// Moves the message into a FileMessage if it is one of those; returns nothing otherwise.
template <typename Message>
std::optional<FileMessage> file_message(Message& message) {
  return std::visit(
      [](auto& one) -> std::optional<FileMessage> {
        if constexpr (std::is_constructible_v<FileMessage, decltype(one)>) {
          return FileMessage(std::move(one));
        } else {
          return std::nullopt;
        }
      },
      message);
}

struct Said {
  Timestamp now;  // by the node's clocks, when the node sent the message
  FromNode what;
};

// Appends the message as one frame and advances `chain`. Returns false, and appends nothing, if the
// message is larger than a frame may be.
bool append_frame(const ToNode& message, std::uint32_t& chain, std::vector<std::byte>& out);
bool append_frame(const FromNode& message, Timestamp now, std::uint32_t& chain,
                  std::vector<std::byte>& out);

// Decode a frame's payload. Fail with Corrupt if it is not such a message, or if it is a message or
// has a value that this version does not know. REQUIRES: `payload` is 8-byte aligned.
Result<ToNode> decode_to_node(Bytes payload);
Result<Said> decode_from_node(Bytes payload);

}  // namespace thermos::nodes
