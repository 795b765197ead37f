// What it costs to make a child in a control group (version 2): born in it (CLONE_INTO_CGROUP), as
// coordinators make theirs, or writing itself into cgroup.procs before its exec, as it was done
// before and is where the kernel has nothing better.
//   group_cost DIRECTORY COUNT AT_ONCE...    makes groups in DIRECTORY, and removes them
// Prints for each AT_ONCE, which is how many programs make COUNT children each, one after the
// other: microseconds a child without a group, born in one, and writing itself into one.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "coordinator/clone_child.h"

namespace {

constexpr int kRounds = 5;
enum class Way { NoGroup, Born, Writes };
constexpr std::array kWays{Way::NoGroup, Way::Born, Way::Writes};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "group_cost: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

struct Wish {
  Way way = Way::NoGroup;
  int group = -1;
  volatile bool in_group = false;
};

int child(void* argument) {
  const auto& wish = *static_cast<const Wish*>(argument);
  if (wish.way == Way::Born && !wish.in_group) _exit(1);
  if (wish.way == Way::Writes) {
    const int procs = ::openat(wish.group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (procs < 0 || ::write(procs, "0", 1) != 1) _exit(1);
    ::close(procs);
  }
  _exit(0);
}

void make_children(Way way, int group, long count) {
  alignas(16) static std::array<std::byte, 65536> stack;
  for (long i = 0; i < count; ++i) {
    Wish wish{way, group};
    const int pid = thermos::coordinator::clone_child(child, &wish, stack,
                                                      way == Way::Born ? group : -1, wish.in_group);
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) fail("cannot make a child");
    if (status != 0) {
      std::fprintf(stderr, "group_cost: a child did not come into its group\n");
      _exit(1);
    }
  }
}

// Microseconds a child, as each of `groups` sees it that has a program of its own.
double measure(Way way, const std::vector<int>& groups, long count) {
  const auto begin = std::chrono::steady_clock::now();
  for (const int group : groups) {
    const pid_t pid = ::fork();
    if (pid < 0) fail("cannot fork");
    if (pid == 0) {
      make_children(way, group, count);
      _exit(0);
    }
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    int status = 0;
    if (::wait(&status) < 0 || status != 0) std::exit(1);
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  return took.count() / static_cast<double>(count);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "usage: group_cost DIRECTORY COUNT AT_ONCE...\n");
    return 64;
  }
  const std::string directory = words[1];
  const long children = std::strtol(words[2], nullptr, 10);
  std::printf("%-10s %12s %12s %12s   microseconds a child, median of %d rounds\n", "at once",
              "no group", "born in it", "writes", kRounds);
  for (int word = 3; word < count; ++word) {
    std::vector<int> groups;
    std::vector<std::string> names;
    for (long i = 0; i < std::strtol(words[word], nullptr, 10); ++i) {
      names.push_back(directory + "/g" + std::to_string(i));
      if (::mkdir(names.back().c_str(), 0755) != 0) fail("cannot make " + names.back());
      groups.push_back(::open(names.back().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (groups.back() < 0) fail("cannot open " + names.back());
    }
    std::array<std::vector<double>, kWays.size()> times;
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t way = 0; way < kWays.size(); ++way) {
        times[way].push_back(measure(kWays[way], groups, children));
      }
    }
    std::printf("%-10s", words[word]);
    for (auto& of_way : times) {
      std::sort(of_way.begin(), of_way.end());
      std::printf(" %12.1f", of_way[kRounds / 2]);
    }
    std::printf("\n");
    for (const int group : groups) ::close(group);
    for (const std::string& name : names) ::rmdir(name.c_str());
  }
  return 0;
}
