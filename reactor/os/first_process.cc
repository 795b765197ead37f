#include "reactor/os/first_process.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

namespace thermos {
namespace {

constexpr std::array<int, 3> kNoted = {SIGTERM, SIGINT, SIGUSR1};
std::array<std::atomic<bool>, kNoted.size()> came;
static_assert(std::atomic<bool>::is_always_lock_free, "a handler may use it");

extern "C" void note(int signal) {
  for (std::size_t i = 0; i < kNoted.size(); ++i) {
    if (kNoted[i] == signal) came[i] = true;
  }
}

}  // namespace

void note_early_signals() {
  if (::getpid() != 1) return;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  for (const int signal : kNoted) ::sigaction(signal, &action, nullptr);
}

void repeat_early_signals() {
  for (std::size_t i = 0; i < kNoted.size(); ++i) {
    if (came[i].exchange(false)) ::raise(kNoted[i]);
  }
}

void name_first_process(const char* program) {
  if (::getpid() == 1) ::prctl(PR_SET_NAME, program, 0, 0, 0);
}

}  // namespace thermos
