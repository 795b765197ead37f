// Starts a transient scope of systemd without blocking the loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/control_groups.h"

namespace thermos {

// One request to systemd over D-Bus. systemd usually needs some milliseconds, and much longer while
// the machine starts. The destructor gives the request up: then nothing is called.
class ScopeStart {
 public:
  using OnStarted = std::function<void(const Status&)>;
  using UseExisting = std::function<bool()>;
  static constexpr Microseconds kPatience = 5 * kSecond;

  // Calls `on_started` once, from the loop, when the scope is started, or with an error if systemd
  // refused, closed the connection, or did not start it within `patience`. `on_started` may destroy
  // this object. An error of begin() itself means that systemd can't be reached; then nothing is
  // called.
  //
  // If systemd has a scope of that name already, `use_existing` is called to move into it. If it
  // returns true, the request ends as started. Otherwise the scope is about to be removed, and the
  // request waits for that. But an empty scope is never removed if the fork server died before
  // systemd started the scope for it: systemd does not notice that. So moving in is tried first.
  static Result<std::unique_ptr<ScopeStart>> begin(Loop& loop, Deadlines& deadlines,
                                                   const ScopeRequest& request,
                                                   UseExisting use_existing, OnStarted on_started,
                                                   Microseconds patience = kPatience);
  ~ScopeStart();
  ScopeStart(const ScopeStart&) = delete;
  ScopeStart& operator=(const ScopeStart&) = delete;

 private:
  struct Call;

  ScopeStart(Loop& loop, Deadlines& deadlines, std::unique_ptr<Call> call, OnStarted on_started);
  // Reads and writes as much as is possible now.
  void go_on();
  void finish(const Status& status);

  Deadlines& deadlines_;
  OnStarted on_started_;
  std::unique_ptr<Call> call_;  // declared before poll_: it owns the descriptor that poll_ watches
  std::unique_ptr<Poll> poll_;
  std::optional<Deadlines::Key> patience_;
};

}  // namespace thermos
