// The rules of the pools that tasks share, slow and plain: no more is in use than there is, nobody
// overtakes another who waits for the same pool, and nobody who could start is left waiting. A
// breach is thrown as Broken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared_script.h"

namespace thermos::sim {

// A process: its task's index, and its own.
using Member = std::pair<std::size_t, ProcessIndex>;

class SharedRules {
 public:
  explicit SharedRules(const SharedScript& script) : script_(script), sizes_(script.pools) {}

  // Another daemon leads from now on, with these pools. The tasks ask anew, in their order; when
  // the `unsure` ask is not known.
  void restarted(const Named<std::uint32_t>& sizes, const std::set<Member>& unsure,
                 Microseconds now);
  // So much of each pool must be there for it.
  bool possible(Member m) const;

  // `m` starts, beside those who have shares.
  void starts(Member m, const std::set<Member>& holders);
  // Who wait for nothing but pools, when nothing more happens at `now`, beside those who have
  // shares. `others` may wait as well.
  void waiting(const std::set<Member>& waiting, const std::set<Member>& holders,
               const std::set<Member>& others, Microseconds now);
  // When it asked is not known any more.
  void unsure(Member m) {
    asked_.erase(m);
    unsure_.insert(m);
  }

  std::uint64_t waits() const { return waits_; }  // that were long enough to be seen

 private:
  std::string name(Member m) const;
  std::uint32_t used(Member m, const std::string& pool) const;
  bool share(Member a, Member b) const;
  bool fits(Member m, const std::set<Member>& holders) const;
  bool ordered(Member m) const { return script_.tasks[m.first].task.max_concurrency == 0; }

  const SharedScript& script_;
  Named<std::uint32_t> sizes_;
  // When it was first seen waiting; at a daemon's start, with its task's place.
  std::map<Member, std::pair<Microseconds, std::size_t>> asked_;
  std::set<Member> unsure_;
  std::optional<Microseconds> restarted_at_;
  std::uint64_t waits_ = 0;
};

}  // namespace thermos::sim
