#include "reactor/observe/step_work.h"

#include <utility>

#include "core/base/times.h"
#include "reactor/os/clocks.h"

namespace thermos::observe {
namespace {

// The time limit of work in one turn of the loop.
constexpr Microseconds kJobsTurn = 4000;

}  // namespace

Jobs::Jobs(Loop& loop) : busy_(loop, [this] { work(); }) {}

void Jobs::add(Step step) {
  steps_.push_back(std::move(step));
  busy_.on();
}

void Jobs::work() {
  const Microseconds begun = read_clocks().boot;
  while (!steps_.empty() && read_clocks().boot - begun < kJobsTurn) {
    Step step = std::move(steps_.front());
    steps_.pop_front();
    if (!step()) steps_.push_back(std::move(step));
  }
  if (steps_.empty()) busy_.off();
}

}  // namespace thermos::observe
