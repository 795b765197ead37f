// The messages of the control protocol as plain structs. control.capnp is their form on the wire
// and documents each field. AskKill and AskOrder carry the requests of core's state machine,
// without their reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/frame.h"
#include "core/runner/requests.h"

namespace thermos::control {

inline constexpr std::uint32_t kProtocol = 3;

// ---- requests ----------------------------------------------------------------------------------

struct AskVersion {};

struct Submit {
  std::string task_id;
  std::string config;
  std::string sandbox;
  std::string user;
  bool chroot = false;
  bool replace = false;                    // an active task of this id goes on with `config`
  std::optional<std::uint32_t> keep_logs;  // nullopt: the daemon's default
  std::map<std::string, std::uint16_t> ports;
  std::string trace_parent{};
};

struct TaskQuery {
  std::vector<std::string> patterns;
  bool active = true;
  bool finished = true;
};
struct AskStatus : TaskQuery {};
struct AskList : TaskQuery {};

struct AskKill {
  std::vector<std::string> patterns;
  KillRequest request;
};

struct AskWait {
  std::string task_id;
  std::int64_t timeout = -1;
};

struct Subscribe {
  std::vector<std::string> patterns;
  std::uint64_t since = 0;
  bool follow = true;
};

struct AskOrder {
  std::string task_id;
  OrderRequest request;  // names no process if `processes` is not empty
  // Names of processes, and patterns of names. ordered_processes() says what an empty list means.
  std::vector<std::string> processes{};
};

struct AskDrain {
  std::optional<Microseconds> wait{};
};

struct AskPools {};

struct AskMetrics {};

// Tells a task's leader that a node is gone, or that it is there again. Only a leader takes it.
struct AskNode {
  std::string node;
  bool gone = false;
};

using RequestBody = std::variant<AskVersion, Submit, AskKill, AskStatus, AskWait, Subscribe,
                                 AskList, AskOrder, AskDrain, AskPools, AskMetrics, AskNode>;

struct Request {
  std::uint64_t id = 0;
  RequestBody body;
  // decode_request() refuses more than kProtocol. encode() raises it to what the body needs.
  std::uint32_t needs = 1;
};

// ---- replies -----------------------------------------------------------------------------------

struct Version {
  std::string program;
  std::uint32_t protocol = kProtocol;
  std::int32_t pid = 0;
  std::uint32_t tasks = 0;
  std::string root{};  // empty from an earlier version, which did not tell it
};
struct Submitted {
  std::string task_id;
};
struct TaskEntry {
  std::string task_id;
  std::string state;
};
struct StatusText {
  std::string json;
};
struct Ended {
  std::string task_id;
  std::string state;
};
struct Event {
  std::uint64_t position = 0;
  std::string task_id;
  std::vector<std::byte> record;
};
struct Snapshot {
  std::uint64_t position = 0;
};
struct Finished {};
struct Heard {};
struct PoolText {
  std::string json;
};
struct MetricsReply {
  std::string text;
};

using ReplyBody = std::variant<Error, Version, Submitted, TaskEntry, StatusText, Ended, Event,
                               Snapshot, Finished, Heard, PoolText, MetricsReply>;

struct Reply {
  std::uint64_t id = 0;
  ReplyBody body;
};

// ---- bytes -------------------------------------------------------------------------------------

// Returns the message as the payload of one frame. Fails if it exceeds kMaxPayloadBytes.
Result<std::vector<std::byte>> encode(const Request& request);
Result<std::vector<std::byte>> encode(const Reply& reply);

// Read one payload. Fail with Usage for a kind of request that only a later version knows, so that
// the daemon can tell the client, and with Corrupt for everything else that is not such a message.
// REQUIRES: `payload` is 8-byte aligned.
Result<Request> decode_request(Bytes payload);
Result<Reply> decode_reply(Bytes payload);

}  // namespace thermos::control
