#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "core/base/byte_size.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/gc_removal.h"
#include "reactor/configuration/configuration.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/os/clocks.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"
#include "reactor/store/task_removal.h"

namespace thermos {
namespace {

constexpr std::string_view kGcHelp = R"(Usage: thermos gc RULE... [OPTIONS] [TASK_ID_REGEX...]

Removes tasks that have ended: what is recorded of them, their logs, and the
sandboxes that the daemon made for them; never a directory that a user named, or
that another task uses. With patterns, only tasks whose id one of them matches
from its start count, and go (an exact id means that task alone). A task goes if
one of the rules says so:

  --older DAYS      it ended longer ago than that
  --keep N          it is none of the N that ended last
  --bytes B         counted from the one that ended last, it is the first that
                    does not fit into B bytes (as in 500M or 20G), or before it

Active tasks are never removed, nor tasks that ended less than an hour ago.
Left-overs are removed, too: those of an interrupted removal, and of a task
whose file someone deleted. The output of a task from `thermos import` stays. A
task from which `thermos rerun` took over is kept as long as the task that did.
May be run at any time: a task that somebody leads or checks at that moment is
left, and so is one whose records are damaged. Damaged left-overs are removed
only if their exact id is given.

  --dry-run         only print what would go
  --json            the same as JSON
  --socket S        the root of the daemon at S (as THERMOS_SOCKET does), by
                    your rights; the daemon itself removes tasks by its settings
                    keep_days, keep_tasks and keep_bytes
  --root D          may be repeated: each by itself
  --log-level L, --no-color: see `thermos --help`

Exit status: 0; 1 if something could not be removed, other than what is in use;
66 no such task; 77 run as root, and several users own the directories or links
on the way to the tasks.
)";

constexpr double kMostDays = 36'500;
constexpr Microseconds kDay = 24 * (3600 * kSecond);

Result<Microseconds> parse_days(const std::string& text) {
  double days = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, days);
  if (error != std::errc() || stop != end || !(days >= 0) || days > kMostDays) {
    return Error{
        ErrorCode::Usage,
        "--older " + text + ": this is a number of days, from 0 to 36500, as in 30 or 0.5"};
  }
  return std::llround(days * static_cast<double>(kDay));
}

struct RuleWords {
  std::optional<std::string> older;
  std::optional<std::string> keep;
  std::optional<std::string> bytes;
};

Result<RetentionRules> parse_rules(const RuleWords& words) {
  RetentionRules rules;
  if (words.older) {
    const auto days = parse_days(*words.older);
    if (!days) return days.error();
    rules.older = *days;
  }
  if (words.keep) {
    const auto count = parse_count("--keep", *words.keep);
    if (!count) return count.error();
    rules.keep = *count;
  }
  if (words.bytes) {
    rules.bytes = parse_byte_size(*words.bytes);
    if (!rules.bytes) {
      return Error{ErrorCode::Usage,
                   "--bytes " + *words.bytes + ": this is a number of bytes, as in 500M or 20G"};
    }
  }
  if (rules.any()) return rules;
  return Error{ErrorCode::Usage,
               "gc: which tasks are to go? --older DAYS, --keep N or --bytes B says it, as in "
               "`thermos gc --older 30 --dry-run`"};
}

struct RootCollection {
  Paths paths;
  Collection found;
};

std::uint64_t bytes_of(const Collection& found) {
  std::uint64_t bytes = 0;
  for (const CollectedTask& task : found.removed) bytes += task.bytes;
  return bytes;
}

std::string removed_text(const CollectedTask& task, bool dry_run) {
  const std::string size = byte_size_text(task.bytes);
  const std::string line = (dry_run ? "would remove " : "removed ") + printable(task.id);
  if (!task.state) return fmt::format("{}: left over, {}\n", line, size);
  return fmt::format("{}: {}, ended {}, {}\n", line, name_of(*task.state),
                     timestamp_text(task.ended).substr(0, 19), size);
}

std::string collections_text(const std::vector<RootCollection>& roots, bool dry_run) {
  std::string text;
  Collection all;
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  for (const auto& [paths, found] : roots) {
    if (roots.size() > 1) text += printable(paths.root()) + ":\n";
    for (const CollectedTask& task : found.removed) text += removed_text(task, dry_run);
    for (const LeftTask& task : found.left) {
      text += "left " + printable(task.id.empty() ? "" : task.id + ": ") +
              printable(task.why.message) + "\n";
    }
    count += found.removed.size();
    bytes += bytes_of(found);
    all.kept += found.kept;
    all.young += found.young;
    all.active += found.active;
  }
  text += fmt::format("{} task{} {}, {}; {} kept", count, count == 1 ? "" : "s",
                      dry_run ? "would go" : "removed", byte_size_text(bytes), all.kept);
  if (all.young > 0) text += fmt::format(", {} of them for an hour after they ended", all.young);
  if (all.active > 0) text += fmt::format("; {} active", all.active);
  return text + "\n";
}

Json collections_json(const std::vector<RootCollection>& roots, bool dry_run) {
  Json json = {{"dry_run", dry_run}, {"removed", Json::array()}, {"left", Json::array()}};
  std::size_t kept = 0;
  std::size_t young = 0;
  std::size_t active = 0;
  std::uint64_t bytes = 0;
  for (const auto& [paths, found] : roots) {
    const auto named = [&, &paths = paths](const std::string& id) {
      Json task = {{"task_id", id}};
      if (roots.size() > 1) task["root"] = paths.root();
      return task;
    };
    for (const CollectedTask& task : found.removed) {
      Json removed = named(task.id);
      removed["left_over"] = !task.state;
      if (task.state) {
        removed["state"] = name_of(*task.state);
        removed["ended"] = static_cast<double>(task.ended) / static_cast<double>(kSecond);
        removed["rule"] = name_of(task.rule);
      }
      removed["bytes"] = task.bytes;
      json["removed"].push_back(std::move(removed));
    }
    for (const LeftTask& task : found.left) {
      Json left = task.id.empty() ? Json::object() : named(task.id);
      left["why"] = task.why.message;
      json["left"].push_back(std::move(left));
    }
    kept += found.kept;
    young += found.young;
    active += found.active;
    bytes += bytes_of(found);
  }
  json["kept"] = kept;
  json["young"] = young;
  json["active"] = active;
  json["bytes"] = bytes;
  return json;
}

// Returns whether a task that was to be removed is still there for another reason than that it is
// in use.
bool failed(const std::vector<RootCollection>& roots) {
  for (const RootCollection& root : roots) {
    for (const LeftTask& task : root.found.left) {
      if (task.why.code != ErrorCode::Busy) return true;
    }
  }
  return false;
}

// Returns the ids that the patterns match. Fails with NotFound for a pattern that matches neither a
// task nor left-over files of one.
Result<MeantIds> meant_ids(const std::vector<Paths>& roots, const Arguments& patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern.empty()) {
      return Error{ErrorCode::Usage, "gc: an empty pattern would mean every task; leave it out"};
    }
  }
  if (patterns.empty()) return MeantIds();
  std::vector<TaskEntry> known;
  for (const Paths& paths : roots) {
    auto tasks = list_tasks(paths);
    if (!tasks) return tasks.error();
    for (TaskEntry& task : *tasks) known.push_back(std::move(task));
    for (std::string& id : left_over_tasks(paths)) known.push_back({std::move(id), {}});
  }
  if (Status good = check_patterns(known, patterns, under(roots)); !good) return good.error();
  const auto meant = select_tasks(known, patterns);
  if (!meant) return meant.error();
  MeantIds ids{std::set<std::string>(), {}};
  for (const TaskEntry& task : *meant) {
    ids.ids->insert(task.id);
    if (std::find(patterns.begin(), patterns.end(), task.id) != patterns.end()) {
      ids.by_name.insert(task.id);
    }
  }
  return ids;
}

}  // namespace

CommandOutcome gc_command(const Arguments& arguments, CommonOptions common) {
  RuleWords words;
  bool dry_run = false;
  bool json = false;
  std::optional<std::string> socket;
  OptionParser parser("gc", kGcHelp, common);
  parser.take_roots();
  parser.text("--older", words.older);
  parser.text("--keep", words.keep);
  parser.text("--bytes", words.bytes);
  parser.flag("--dry-run", dry_run);
  parser.flag("--json", json);
  parser.text("--socket", socket);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const auto rules = parse_rules(words);
  if (!rules) return rules.error();
  std::vector<Paths> roots = common.all_paths();
  if (const std::string daemon = asked_socket(socket, common); !daemon.empty()) {
    const Result<Paths> asked = asked_paths(daemon, common);
    if (!asked) return asked.error();
    roots = {*asked};
  }
  const auto meant = meant_ids(roots, **parsed);
  if (!meant) return meant.error();

  std::vector<RootCollection> collections;
  for (const Paths& paths : roots) {
    auto found = collect_tasks(paths, *meant, *rules, read_clocks().wall, dry_run);
    if (!found) return found.error();
    collections.push_back({paths, std::move(*found)});
  }
  Output out(STDOUT_FILENO);
  out.print(json ? json_text(collections_json(collections, dry_run))
                 : collections_text(collections, dry_run));
  CommandOutcome printed = finish_output(out);
  if (!printed) return printed;
  return failed(collections) ? kExitFailed : kExitDone;
}

}  // namespace thermos
