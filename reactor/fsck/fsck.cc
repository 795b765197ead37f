#include "reactor/fsck/fsck.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "reactor/fsck/fsck_repair.h"
#include "reactor/fsck/fsck_task.h"
#include "reactor/host/allocation.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_reach.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/stream_writer.h"

namespace thermos {
namespace {

constexpr std::array<std::string_view, 3> kSeverityNames = {"note", "warning", "error"};

// Returns whether the entry is a plain file that somebody put beside the tasks' directories, such
// as a README, and so not a task.
bool is_file_beside(const std::string& directory, const dirent& entry) {
  struct stat info {};
  return ::lstat((directory + "/" + entry.d_name).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// Adds the names in `directory` that may be ids of tasks. With `directories`, the names of plain
// files are not added.
Status add_names(const std::string& directory, bool must_be, bool directories,
                 std::set<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory.c_str()), closedir);
  if (!dir) {
    if (errno == ENOENT && !must_be) return Done{};
    return system_error(directory, errno);
  }
  while (const dirent* entry = readdir(dir.get())) {
    if (!may_be_task(entry->d_name)) continue;
    if (directories && is_file_beside(directory, *entry)) continue;
    names.insert(entry->d_name);
  }
  return Done{};
}

bool repairable(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.remedy != Remedy::None; });
}

void say_of_all(std::vector<Finding>& findings, const std::string& why) {
  for (Finding& finding : findings) {
    if (finding.remedy != Remedy::None) finding.did = "not repaired: " + why;
  }
}

// Returns whether another machine may lead the task although this program holds the lock, because
// locks of other machines may not be visible here. A record that such a leader is just writing
// would look like an unfinished one.
bool may_be_led_elsewhere(const StreamWriter& lead, std::optional<LockReach> reach) {
  const auto stream = read_runner_stream(lead.fd(), lead.path());
  if (!stream || is_terminal(stream->history.state())) return false;
  FenceFacts facts;
  if (const auto boot = read_boot_id()) facts.boot = *boot;
  facts.place = find_place();
  facts.reach = reach.value_or(lock_reach_of(lead.path()).reach);
  return !judge_fence(stream->history, facts);
}

void check_one(const Paths& paths, const std::string& id, bool repair,
               std::optional<LockReach> reach, RootReport& report) {
  TaskCheck check(paths, id, false);
  check.look();
  const auto take = [&](TaskCheck& looked) {
    report.streams += looked.streams();
    report.records += looked.records();
    std::move(looked.findings().begin(), looked.findings().end(),
              std::back_inserter(report.findings));
  };
  if (!repair || !repairable(check.findings())) {
    take(check);
    return;
  }
  const std::string path = paths.runner_stream(id);
  if (!exists(path)) {
    say_of_all(check.findings(), "there is no runner's stream, so no lock to do it under");
    take(check);
    return;
  }
  // Opening an empty file for writing would write a stream header into it, and change it.
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && info.st_size == 0) {
    say_of_all(check.findings(), path + " is empty, so there is no stream to lock");
    take(check);
    return;
  }
  auto lead = StreamWriter::open_patiently(path);
  if (!lead) {
    say_of_all(check.findings(), lead.error().message);
    take(check);
    return;
  }
  if (may_be_led_elsewhere(*lead, reach)) {
    say_of_all(check.findings(),
               "it was led on another machine, whose locks are not seen here; if it is no more, "
               "`thermos resume --take-over` goes on with it");
    take(check);
    return;
  }
  // Check again under the lock, because the task may have changed since.
  TaskCheck again(paths, id, true);
  again.look();
  if (again.corrupt()) {
    say_of_all(again.findings(), "the task has corrupt bytes, and is left as it is");
  } else {
    repair_task(paths, id, *lead, again.findings());
  }
  take(again);
}

}  // namespace

std::string_view name_of(Severity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)];
}

bool RootReport::corrupt() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.corrupt; });
}

bool RootReport::remains() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity != Severity::Note && !finding.repaired;
  });
}

Result<std::vector<std::string>> list_task_ids(const Paths& paths) {
  std::set<std::string> names;
  std::set<std::string> ignored;
  if (auto there = add_names(paths.root(), true, false, ignored); !there) return there.error();
  // Active before finished: a task that moves meanwhile is then seen twice and not missed.
  for (const std::string& directory :
       {paths.active_dir(), paths.finished_dir(), paths.checkpoints_dir()}) {
    if (auto added = add_names(directory, false, directory == paths.checkpoints_dir(), names);
        !added)
      return added.error();
  }
  return std::vector<std::string>(names.begin(), names.end());
}

RootReport check_root(const Paths& paths, const std::vector<std::string>& task_ids, bool repair,
                      std::optional<LockReach> reach) {
  RootReport report;
  report.tasks = task_ids.size();
  for (const std::string& id : task_ids) check_one(paths, id, repair, reach, report);
  return report;
}

}  // namespace thermos
