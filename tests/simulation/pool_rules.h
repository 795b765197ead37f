// The rules of pools, slow and plain: no more is taken than there is, nobody who could start is
// left waiting, and nobody overtakes another who waits for the same pool. A breach is thrown as
// Broken.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "oracle.h"
#include "script.h"

namespace thermos::sim {

class PoolRules {
 public:
  explicit PoolRules(const Script& script) : script_(script) {}

  bool uses_any(ProcessIndex p) const { return !script_.task.processes[p].uses.entries.empty(); }
  // What `p` uses must be free beside what these use.
  void check_fits(ProcessIndex p, const std::vector<ProcessIndex>& running) const;
  // `p` starts: nobody must wait for one of its pools who asked before it.
  void check_turn(ProcessIndex p);

  // Those who wait for nothing but pools at `now`, when nothing more happens at this time;
  // `running` has what they use, and `others` may be waiting, too.
  void waiting(const std::vector<ProcessIndex>& waiting, const std::vector<ProcessIndex>& running,
               const std::vector<ProcessIndex>& others, Microseconds now);
  // An order may have changed when `p` asked.
  void ordered(ProcessIndex p) { unsure_.insert(p); }
  // Another runner asks for all anew.
  void crashed() { asked_.clear(); }

 private:
  std::uint32_t used(ProcessIndex p, const std::string& pool) const;
  bool fits(ProcessIndex p, const std::vector<ProcessIndex>& running) const;
  bool share(ProcessIndex a, ProcessIndex b) const;

  const Script& script_;
  std::map<ProcessIndex, Microseconds> asked_;
  // When they asked is not known, until they start.
  std::set<ProcessIndex> unsure_;
};

}  // namespace thermos::sim
