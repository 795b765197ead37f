// Puts a task into a root, for tests and measurements of what shows it.
//   put_task ROOT TASK_ID LAYERS WIDTH [WRITTEN]
// The task has LAYERS x WIDTH processes; each has four transitions. WRITTEN of them (none) are
// written at once, a millisecond apart, the last one now; with all of them, the task has ended.
// Then each line of standard input has a number: so many more are written, each by itself, and
// answered by a line with the wall time of the last, in seconds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "bench/scripted_task.h"
#include "reactor/os/clocks.h"

int main(int count, char** words) {
  const std::vector<std::string> arguments(words, words + count);
  if (count != 5 && count != 6) {
    std::fprintf(stderr, "usage: put_task ROOT TASK_ID LAYERS WIDTH [WRITTEN]\n");
    return 64;
  }
  const auto number = [&](std::size_t index) {
    return static_cast<std::uint32_t>(std::strtoul(arguments.at(index).c_str(), nullptr, 10));
  };
  constexpr thermos::Microseconds kStep = 1000;
  const std::uint32_t written = count == 6 ? number(5) : 0;
  thermos::bench::ScriptedTask task(thermos::Paths(arguments[1]), arguments[2], number(3),
                                    number(4), thermos::read_clocks().wall - kStep * written);
  const auto end_if_over = [&] {
    if (task.written() == task.transitions()) task.end();
  };
  task.write_past(written, kStep);
  end_if_over();
  std::printf("ready\n");
  std::fflush(stdout);
  for (std::string line; task.written() < task.transitions() && std::getline(std::cin, line);) {
    thermos::Microseconds at = 0;
    for (std::uint64_t left = std::strtoull(line.c_str(), nullptr, 10);
         left > 0 && task.written() < task.transitions(); --left) {
      at = task.write();
    }
    end_if_over();
    std::printf("%.6f\n", static_cast<double>(at) / 1e6);
    std::fflush(stdout);
  }
  return 0;
}
