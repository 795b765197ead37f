// The messages between the reactor and the fork server as plain structs. launch.capnp is their form
// on the wire and documents each field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

// What a coordinator needs to know to run a process.
struct Launch {
  std::uint64_t ticket = 0;
  std::string process;
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  std::uint32_t chain = 0;
  std::uint64_t epoch = 0;
  BootId boot;
  std::string cmdline;
  std::string directory;
  std::string root;
  std::vector<std::string> environment;
  bool change_user = false;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  std::uint64_t rotate_size = 0;
  std::uint32_t backups = 0;
  bool console = false;
  std::vector<std::string> arguments;
  std::string subdirectory;
  std::string input;
  std::vector<std::uint8_t> success_codes;
  std::uint8_t stop_signal = 15;
  bool ends_with_us = false;
  bool notify = false;
  Microseconds watchdog = 0;
  bool watchdog_waits = false;
  Microseconds kill_wait = 0;
  Named<Secret> secrets;
};

struct Launched {
  std::uint64_t ticket = 0;
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

// Reports that a coordinator failed to append a record to its stream.
struct WriteFailure {
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

inline constexpr std::size_t kMaxLaunchBytes = std::size_t{192} * 1024;
inline constexpr std::size_t kLaunchedBytes = 64;
inline constexpr std::size_t kWriteFailureBytes = 64;

// Fails with Usage if the message would exceed kMaxLaunchBytes, or if a string contains a NUL.
Result<std::vector<std::byte>> encode(const Launch& launch);
// Both fail with System. REQUIRES: `message` is 8-byte aligned.
Result<Launched> decode_launched(Bytes message);
Result<WriteFailure> decode_write_failure(Bytes message);

struct SecretView {
  std::string_view name;
  const char* file = nullptr;  // "" for none
  const char* cmd = nullptr;
  bool root = false;
};
inline constexpr std::size_t kMaxLaunchSecrets = 128;

// A Launch as the fork server reads it, without an allocation: the views and the NUL-terminated
// strings point into the message, and the lists into the caller's arrays.
struct LaunchView {
  std::uint64_t ticket = 0;
  std::string_view process;
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  std::uint32_t chain = 0;
  std::uint64_t epoch = 0;
  BootId boot;
  const char* cmdline = nullptr;
  const char* directory = nullptr;
  const char* root = nullptr;  // "" for none
  bool change_user = false;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t rotate_size = 0;
  std::uint32_t backups = 0;
  bool console = false;
  bool ends_with_us = false;
  bool notify = false;
  Microseconds watchdog = 0;
  bool watchdog_waits = false;
  Microseconds kill_wait = 0;
  const char* subdirectory = nullptr;  // "" for none
  const char* input = nullptr;         // "" for none
  ExitCodes success;
  std::uint8_t stop_signal = 0;
  // A NULL follows the last entry of these two. The coordinator fills in the address of
  // NOTIFY_SOCKET.
  std::span<const char*> environment;
  std::span<const char* const> arguments;  // empty: cmdline is run
  std::span<const std::uint32_t> groups;
  std::span<const SecretView> secrets;

  // The number of descriptors that come with the launch, without the optional last one for the
  // control group.
  std::size_t descriptors() const { return 3 + (rotate_size != 0 ? 1U : 0U) + (console ? 2U : 0U); }
};
inline constexpr std::size_t kMaxLaunchDescriptors = 7;

// Arrays for the lists of a LaunchView.
struct LaunchRoom {
  std::span<const char*> environment;
  std::span<const char*> arguments;
  std::span<std::uint32_t> groups;
  std::span<SecretView> secrets = {};
};
// Fills `view`. Returns false if the message is not a Launch or one of the arrays is too small.
// REQUIRES: `message` is 8-byte aligned.
bool decode_launch(Bytes message, LaunchView& view, const LaunchRoom& room);
// Returns the message's size. REQUIRES: `out` has at least kLaunchedBytes and is 8-byte aligned.
std::size_t encode(const Launched& launched, std::span<std::byte> out);
// Returns the message's size. REQUIRES: `out` has at least kWriteFailureBytes and is 8-byte
// aligned.
std::size_t encode(const WriteFailure& write_failure, std::span<std::byte> out);

}  // namespace thermos
