#include "core/runner/fence.h"

namespace thermos {
namespace {

// Returns where the previous leader led from. Without a Leadership of its own the header says it.
Leadership place_before(const History& history) {
  Leadership place;
  if (history.leadership()) {
    place = *history.leadership();
  } else {
    place.hostname = history.header()->hostname;
  }
  return place;
}

// Returns whether the previous leader ran on another machine, and did not give the task up.
bool is_elsewhere(const History& history, const FenceFacts& facts) {
  if (!history.header() || history.steps().empty() || history.yielded()) return false;
  if (history.steps().back().status.boot == facts.boot) return false;
  return place_before(history).hostname != facts.place.hostname;
}

bool is_same_job(const Leadership& before, const Leadership& place) {
  return !place.job.empty() && before.engine == place.engine && before.job == place.job;
}

}  // namespace

std::string job_text(const Leadership& place) {
  return place.job.empty() ? place.engine : place.engine + " job " + place.job;
}

Result<FenceVerdict> judge_fence(const History& history, const FenceFacts& facts) {
  if (!is_elsewhere(history, facts)) return FenceVerdict{};
  const Leadership before = place_before(history);
  const std::string job = job_text(before);
  std::string why;
  if (facts.take_over) {
    why = "--take-over says that it is over there";
  } else if (is_same_job(before, facts.place)) {
    why = job + " came back here";
  } else if (facts.job_ended) {
    why = job + " has ended";
  } else if (facts.reach == LockReach::AllMachines) {
    why = "nobody there holds its lock";
  } else if (facts.reach == LockReach::ThisMachine) {
    why = "its disk is this machine's now";
  } else {
    return Error{ErrorCode::Busy,
                 "task " + history.header()->task_id + " was led on " + before.hostname +
                     (job.empty() ? "" : ", by " + job) +
                     ", and nothing tells here whether it still is: locks on its file system are "
                     "not seen across machines; if it is over there, give --take-over"};
  }
  return FenceVerdict{"it was led on " + before.hostname + ", and " + why,
                      "it ran on " + before.hostname + ", and " + why};
}

bool fence_asks_engine(const History& history, const FenceFacts& facts) {
  FenceFacts asked = facts;
  asked.job_ended = false;
  if (judge_fence(history, asked)) return false;
  const Leadership before = place_before(history);
  return !before.job.empty();
}

}  // namespace thermos
