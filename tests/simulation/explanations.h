// What `why` says of every process at a moment, checked by the rules of the oracle: each cause is
// true, and a process that does not run has one. A cause that is none is thrown as Broken.
#pragma once

#include <functional>
#include <string>

#include "core/explain/cause.h"
#include "core/explain/situation.h"
#include "core/record/history.h"
#include "oracle.h"
#include "script.h"

namespace thermos::sim {

class Explanations {
 public:
  // Nothing more happens at this moment: all that could start has. `now` is true time, `at` the
  // wall time then, and `due` tells when a process may start again, in true time.
  Explanations(const Script& script, const Oracle& oracle, const History& history, Microseconds now,
               Microseconds at, const std::function<Microseconds(ProcessIndex)>& due);

  void check() const;

 private:
  void check_process(ProcessIndex p) const;
  void check_first(ProcessIndex p, const Answer& answer) const;
  void check_cause(const Cause& cause) const;
  void check_end(const Cause& cause, ProcessIndex p) const;
  void check_need(ProcessIndex p, bool never) const;
  bool pool_is_short(ProcessIndex p) const;
  std::string name(ProcessIndex p) const { return script_.task.processes[p].name; }
  ProcessIndex index_of(const std::string& name) const;

  const Script& script_;
  const Oracle& oracle_;
  Microseconds now_;
  Microseconds at_;
  const std::function<Microseconds(ProcessIndex)>& due_;
  Chronicle chronicle_;
  Situation situation_;
};

}  // namespace thermos::sim
