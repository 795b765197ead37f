// The messages between the reactor and the fork server, as plain structs; launch.capnp is the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"

namespace thermos {

// What a coordinator needs to know. launch.capnp says what each field means.
struct Launch {
  std::uint64_t ticket = 0;
  std::string process;
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  std::uint32_t chain = 0;
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
};

struct Launched {
  std::uint64_t ticket = 0;
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

// A coordinator's stream does not take its record; launch.capnp says more.
struct WriteFailure {
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

inline constexpr std::size_t kMaxLaunchBytes = std::size_t{192} * 1024;
inline constexpr std::size_t kLaunchedBytes = 64;
inline constexpr std::size_t kWriteFailureBytes = 64;

// An error if the message would not fit in kMaxLaunchBytes.
Result<std::vector<std::byte>> encode(const Launch& launch);
Result<Launched> decode_launched(Bytes message);
Result<WriteFailure> decode_write_failure(Bytes message);

// The fork server's side. It has no allocator to spare after the clone: the views point into
// `message`, strings are NUL-terminated there, and lists are read through the calls below.
struct LaunchView {
  std::uint64_t ticket = 0;
  std::string_view process;
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  std::uint32_t chain = 0;
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

  // How many come with it, but for the control group's, which is the last.
  std::size_t descriptors() const { return 3 + (rotate_size != 0 ? 1U : 0U) + (console ? 2U : 0U); }
};
inline constexpr std::size_t kMaxLaunchDescriptors = 7;

// Fills `view`, `environment` (NULL-terminated) and `groups`. False for a message that is not a
// Launch or does not fit the room given. REQUIRES: message is 8-byte aligned.
bool decode_launch(Bytes message, LaunchView& view, std::span<const char*> environment,
                   std::span<std::uint32_t> groups, std::size_t& group_count);
// Returns the size; `out` has at least kLaunchedBytes.
std::size_t encode(const Launched& launched, std::span<std::byte> out);
// The same with kWriteFailureBytes.
std::size_t encode(const WriteFailure& write_failure, std::span<std::byte> out);

}  // namespace thermos
