#include "core/task/check_files.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/task/check_name.h"
#include "core/task/node_choice.h"

namespace thermos {
namespace {

using Complaint = std::optional<std::string>;
using Makers = std::unordered_map<std::string_view, ProcessIndex>;

constexpr std::size_t kMaxCarriedPath = 3000;  // below PATH_MAX, with room for the sandbox in front
constexpr std::size_t kMaxFileName = 255;      // NAME_MAX

std::string place(ProcessIndex p, std::string_view key, std::size_t i) {
  return "processes[" + std::to_string(p) + "]." + std::string(key) + "[" + std::to_string(i) + "]";
}

// Accepts only one way to write each path, so that two paths name the same file only if they are
// the same text.
Complaint check_file_path(std::string_view path) {
  if (holds_control(path) || !is_utf8(path)) {
    return quoted(path) + ": the path of a file to carry is UTF-8 without control characters";
  }
  if (path.size() > kMaxCarriedPath) return quoted(path) + " is too long: 3000 bytes at most";
  for (std::string_view rest = path;;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    if (name.empty() || name == "." || name == "..") {
      return quoted(path) + " is no file of the sandbox: name it from there, without '.' and '..'";
    }
    if (name.size() > kMaxFileName) return quoted(path) + " has a name of more than 255 bytes";
    if (end == rest.size()) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

Complaint check_made_path(const ProcessConfig& process, std::string_view path) {
  if (auto complaint = check_file_path(path)) return complaint;
  const bool each = on_of(process.on).rule == On::Rule::Each;
  const bool names_node = path.find(kNodeInPath) != std::string_view::npos;
  if (each && !names_node) {
    return quoted(path) + " would be made on each node: put {node} into its path";
  }
  if (!each && names_node) {
    return quoted(path) + ": {node} is for a process that has `on: each`";
  }
  return std::nullopt;
}

// A file that one process makes and another one needs.
struct Carried {
  ProcessIndex maker = 0;
  ProcessIndex needing = 0;
  std::size_t index = 0;  // in its needs_files
};

// Returns the files whose `needing` may start before their `maker` has succeeded. The processes
// that wait for the maker's success, and all processes behind these, do not start before it. A
// process that only waits for the maker's start or end may.
//
// One walk, in the graph's order, covers as many makers as a mark has bits. Makers that are next to
// each other in that order share a walk, and a walk ends with the last process that needs one of
// their files: so a long chain whose files are not carried far is walked about once.
std::vector<Carried> too_early(const Graph& graph, std::vector<Carried> all) {
  using Mark = std::uint64_t;
  constexpr std::size_t kAtOnce = 64;
  std::sort(all.begin(), all.end(), [&graph](const Carried& a, const Carried& b) {
    return graph.rank_of(a.maker) < graph.rank_of(b.maker);
  });
  std::vector<Carried> early;
  std::vector<Mark> marks(all.empty() ? 0 : graph.size(), 0);
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    std::vector<Graph::Rank> makers;
    Graph::Rank last = 0;
    for (; end < all.size(); ++end) {
      const Graph::Rank maker = graph.rank_of(all[end].maker);
      if (makers.empty() || makers.back() != maker) {
        if (makers.size() == kAtOnce) break;
        makers.push_back(maker);
      }
      last = std::max(last, graph.rank_of(all[end].needing));
    }
    std::size_t next = 0;  // the index of the next maker
    for (Graph::Rank rank = makers.front(); rank <= last; ++rank) {
      const auto mark = [&](std::span<const Graph::Rank> nodes, Mark with) {
        for (const Graph::Rank node : nodes) {
          if (node <= last) marks[node] |= with;
        }
      };
      if (next < makers.size() && makers[next] == rank) {
        mark(graph.behind(rank, Condition::Success), Mark{1} << next);
        ++next;
      }
      if (marks[rank] != 0) mark(graph.behind(rank), marks[rank]);
    }
    std::size_t bit = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (makers[bit] != graph.rank_of(all[i].maker)) ++bit;
      if ((marks[graph.rank_of(all[i].needing)] >> bit & 1) == 0) early.push_back(all[i]);
    }
    std::fill(marks.begin() + makers.front(), marks.begin() + std::max(last, makers.front()) + 1,
              0);
  }
  std::sort(early.begin(), early.end(), [](const Carried& a, const Carried& b) {
    return a.needing != b.needing ? a.needing < b.needing : a.index < b.index;
  });
  return early;
}

Makers makers_of(const TaskConfig& task, const std::vector<ProcessIndex>& carrying) {
  Makers makers;
  for (const ProcessIndex p : carrying) {
    for (const std::string& path : task.processes[p].makes_files) makers.emplace(path, p);
  }
  return makers;
}

}  // namespace

std::vector<FileFault> find_file_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& carrying) {
  std::vector<FileFault> faults;
  if (carrying.empty()) return faults;
  Makers makers;
  for (const ProcessIndex p : carrying) {
    const std::vector<std::string>& made = task.processes[p].makes_files;
    for (std::size_t i = 0; i < made.size(); ++i) {
      Complaint complaint = check_made_path(task.processes[p], made[i]);
      const auto [first, is_new] = makers.emplace(made[i], p);
      if (!complaint && !is_new) {
        complaint = first->second == p
                        ? quoted(made[i]) + " is given twice"
                        : quoted(made[i]) + " is made by " +
                              quoted(task.processes[first->second].name, kMaxName) + " already";
      }
      if (complaint) faults.push_back({place(p, "makes_files", i), std::move(*complaint)});
    }
  }
  for (const ProcessIndex p : carrying) {
    const std::vector<std::string>& needed = task.processes[p].needs_files;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      Complaint complaint = check_file_path(needed[i]);
      const auto maker = makers.find(needed[i]);
      if (!complaint && !seen.insert(needed[i]).second) {
        complaint = quoted(needed[i]) + " is given twice";
      } else if (!complaint && maker != makers.end() && maker->second == p) {
        complaint = quoted(needed[i]) + " is made by the process itself: what it makes isn't there";
      }
      if (complaint) faults.push_back({place(p, "needs_files", i), std::move(*complaint)});
    }
  }
  return faults;
}

std::vector<FileFault> find_file_order_faults(const TaskConfig& task, const Graph& graph,
                                              const std::vector<ProcessIndex>& carrying) {
  std::vector<FileFault> faults;
  const Makers makers = makers_of(task, carrying);
  if (makers.empty()) return faults;
  std::vector<Carried> all;
  for (const ProcessIndex p : carrying) {
    const ProcessConfig& process = task.processes[p];
    for (std::size_t i = 0; i < process.needs_files.size(); ++i) {
      const auto maker = makers.find(process.needs_files[i]);
      if (maker == makers.end()) continue;
      // Finalizers run after all other processes.
      if (process.final && !task.processes[maker->second].final) continue;
      all.push_back({maker->second, p, i});
    }
  }
  for (const Carried& file : too_early(graph, std::move(all))) {
    const ProcessConfig& process = task.processes[file.needing];
    const std::string& name = task.processes[file.maker].name;
    faults.push_back({place(file.needing, "needs_files", file.index),
                      quoted(process.needs_files[file.index]) + " is made by " +
                          quoted(name, kMaxName) + ", and " + quoted(process.name, kMaxName) +
                          " does not wait for its success"});
  }
  return faults;
}

}  // namespace thermos
