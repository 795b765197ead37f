// A task in which each process writes its name into a ledger. Whatever happens to the programs that
// run it, the ledger shows which processes ran.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "task_run.h"

namespace thermos::real {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  // A number from `least` to `most`, both included.
  int throw_one(int least, int most) {
    return least + static_cast<int>(engine_() % static_cast<std::uint32_t>(most - least + 1));
  }
  template <typename T>
  const T& pick(const std::vector<T>& all) {
    return all[static_cast<std::size_t>(throw_one(0, static_cast<int>(all.size()) - 1))];
  }

 private:
  std::mt19937 engine_;
};

// Makes a task of `count` processes in layers of 4 to 9; each waits for one to three of the layer
// before. Each process holds a lock as long as any of its tree lives, and writes to "overlaps" if
// the lock was taken. Each runs for up to 80 ms.
Json ledger_task(Dice& dice, int count);
std::vector<std::string> names_in(const Json& task);

// Expects every name exactly once, one run of every process, and SUCCESS.
void expect_each_once(Site& site, const Json& task, const std::string& id = "t");

struct Repeats {
  int repeats = 0;  // names in the ledger beyond the first of each
  int lost = 0;     // runs
  int killed = 0;
};
// Expects every name at least once, exactly one SUCCESS for each process, as its last run, and no
// name more often than its LOST or KILLED runs explain.
Repeats expect_repeats_explained(Site& site, const Json& task, const std::string& id = "t");

// Expects that a runner ended with SUCCESS, or, if an earlier runner was killed after the last
// record, that it refused because the task has ended with SUCCESS.
void expect_success(const Ended& ended);

// Expects that a runner's stream, as `thermos read` prints it, has a line with `first` before one
// with `second`. Times would not tell: a coordinator's clock is ahead of the turn that reads it.
void expect_in_order(const std::string& stream, const std::string& first,
                     const std::string& second);

}  // namespace thermos::real
