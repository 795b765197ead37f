// A graph of processes each of which writes its name into a ledger: whatever happens to those who
// run it, the ledger shows what really ran.
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
  // From `least` to `most`, both included.
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

// `count` processes in layers of 4 to 9, each waiting for one to three of the layer before. Each
// holds a lock of its own as long as any of its tree lives; one that finds it taken says so in
// "overlaps". Takes up to 80 ms.
Json ledger_task(Dice& dice, int count);
std::vector<std::string> names_in(const Json& task);

// Every name exactly once, every process one run, SUCCESS.
void expect_each_once(Site& site, const Json& task, const std::string& id = "t");

struct Repeats {
  int repeats = 0;  // names in the ledger beyond the first of each
  int lost = 0;     // runs
  int killed = 0;
};
// Every name at least once, the last run of each a SUCCESS and the only one, and no name more often
// than its runs that were LOST or KILLED allow.
Repeats expect_repeats_explained(Site& site, const Json& task, const std::string& id = "t");

// A runner's end as it should be: by itself with SUCCESS, or, where it was killed behind its last
// record, the next one's refusal that says so.
void expect_success(const Ended& ended);

}  // namespace thermos::real
