// What the coordinator and the fork server call behind the clone must leave the heap alone: another
// thread's lock may be held in the copy for ever.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "capnp/codec.h"
#include "capnp/launch.h"

namespace {
std::atomic<std::size_t> allocations{0};
}

#if defined(__SANITIZE_ADDRESS__)
// Declared here: GCC has the function and, on Debian, not its header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(  // NOLINT(bugprone-reserved-identifier)
    void (*allocated)(const volatile void*, std::size_t), void (*freed)(const volatile void*));

namespace {
const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { allocations.fetch_add(1); },
    [](const volatile void*) {});
}
#else
extern "C" {
// glibc's own, which every allocation ends in; this program's malloc and calloc stand before them.
void* __libc_malloc(std::size_t);               // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t, std::size_t);  // NOLINT(bugprone-reserved-identifier)

void* malloc(std::size_t size) {
  allocations.fetch_add(1);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  allocations.fetch_add(1);
  return __libc_calloc(count, size);
}
}
#endif

namespace thermos {
namespace {

// Or the compiler may leave an allocation out that nobody looks at.
void* volatile sink = nullptr;

TEST(Allocation, TheCountCounts) {
  const std::size_t before = allocations;
  sink = std::malloc(1);
  std::free(sink);
  sink = std::calloc(1, 1);
  std::free(sink);
  auto* const text = new std::string(100, 'x');
  sink = text;
  delete text;
  EXPECT_GE(allocations - before, 4U);
}

TEST(Allocation, EncodingAStatusMakesNone) {
  const std::string name(243, 'n');
  const std::string reason(4000, 'r');
  alignas(8) std::array<std::byte, kStatusFrameBytes> room;
  std::size_t sizes = 0;
  std::uint32_t chain = 0;
  const std::size_t before = allocations;
  for (std::size_t state = 0; state < kProcessStates; ++state) {
    ProcessStatus status;
    status.process = name;
    status.state = static_cast<ProcessState>(state);
    status.reason = reason;
    if (is_terminal(status.state)) status.usage = {1, 2, 3};
    sizes += encode_frame(status, chain, room);
  }
  const std::size_t after = allocations;
  EXPECT_EQ(after - before, 0U);
  EXPECT_GT(sizes, 0U);
}

TEST(Allocation, ReadingALaunchAndAnsweringMakeNone) {
  Launch launch;
  launch.process = "p";
  launch.cmdline = std::string(1000, 'c');
  launch.environment.assign(50, "NAME=VALUE");
  launch.arguments.assign(50, "argument");
  launch.success_codes = {0, 3};
  launch.groups.assign(50, 7);
  const auto message = encode(launch);
  ASSERT_TRUE(message.ok());
  LaunchView view;
  std::array<const char*, 64> environment{};
  std::array<std::uint32_t, 64> groups{};
  std::array<const char*, 64> arguments{};
  alignas(8) std::array<std::byte, kLaunchedBytes> answer;
  const std::size_t before = allocations;
  const bool ok = decode_launch(*message, view, {environment, arguments, groups});
  const std::size_t size = encode(Launched{1, 2, 0}, answer);
  const std::size_t after = allocations;
  EXPECT_EQ(after - before, 0U);
  EXPECT_TRUE(ok);
  EXPECT_GT(size, 0U);
}

}  // namespace
}  // namespace thermos
