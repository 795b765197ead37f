#include "reactor/show/graph_text.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/task/task_fields.h"
#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

using Names = std::vector<std::string>;

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

constexpr Condition kEveryCondition[] = {Condition::Success, Condition::Start, Condition::Ready,
                                         Condition::End};

std::string_view word_of(Condition condition) {
  return fields::Words<Condition>::kAll[static_cast<std::size_t>(condition)];
}

// A process that another one waits for, and the condition.
struct Wait {
  ProcessIndex process;
  Condition until;
};

// Returns, for each process, the processes that it waits for. The graph has only the opposite
// direction.
std::vector<std::vector<Wait>> waits_of(const Graph& graph) {
  std::vector<std::vector<Wait>> waits(graph.size());
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    for (const Condition until : kEveryCondition) {
      for (const ProcessIndex after : graph.dependents(p, until))
        waits[after].push_back({p, until});
    }
  }
  return waits;
}

std::string waits_text(const TaskConfig& task, const std::vector<Wait>& waits) {
  std::string text;
  for (const Wait& wait : waits) {
    if (!text.empty()) text += ", ";
    text += printable(task.processes[wait.process].name);
    if (wait.until != Condition::Success) text.append(" (").append(word_of(wait.until)).append(")");
  }
  return text;
}

// Calls `add` with the ends of each edge, and the word for its condition: "" for success.
template <typename Add>
void for_each_edge(const Graph& graph, const Add& add) {
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    for (const Condition until : kEveryCondition) {
      const std::string_view word = until == Condition::Success ? "" : word_of(until);
      for (const ProcessIndex after : graph.dependents(p, until)) add(p, after, word);
    }
  }
}

std::vector<ProcessIndex> longest_of(const TaskConfig& task, const Graph& graph, bool final) {
  std::vector<bool> counts(task.processes.size());
  for (std::size_t p = 0; p < counts.size(); ++p) counts[p] = task.processes[p].final == final;
  return graph.longest_chain(counts);
}

std::string joined(const TaskConfig& task, const std::vector<ProcessIndex>& processes,
                   std::string_view between) {
  std::string text;
  for (const ProcessIndex p : processes) {
    if (!text.empty()) text += between;
    text += printable(task.processes[p].name);
  }
  return text;
}

std::string kind_of(const ProcessConfig& process) {
  if (process.daemon && process.ephemeral) return "daemon, ephemeral";
  if (process.daemon) return "daemon";
  return process.ephemeral ? "ephemeral" : "";
}

// Prints the regular processes, or the finalizers, level by level.
void add_levels(std::string& text, const TaskConfig& task, const Graph& graph, bool final) {
  const std::vector<std::uint32_t> depths = graph.depths();
  const auto waits = waits_of(graph);
  std::vector<ProcessIndex> shown;
  for (ProcessIndex p = 0; p < graph.size(); ++p) {
    if (task.processes[p].final == final) shown.push_back(p);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [&depths](ProcessIndex a, ProcessIndex b) { return depths[a] < depths[b]; });
  std::string last;
  for (const ProcessIndex p : shown) {
    std::string level = std::to_string(depths[p] + 1);
    text += pad_left(level == last ? "" : level, 4) + "  " + printable(task.processes[p].name);
    last = std::move(level);
    const std::string kind = kind_of(task.processes[p]);
    if (!kind.empty()) text += "  [" + kind + "]";
    if (!waits[p].empty()) text += "  <- " + waits_text(task, waits[p]);
    text += '\n';
  }
}

void add_chain(std::string& text, std::string_view title, const TaskConfig& task,
               const std::vector<ProcessIndex>& chain) {
  text.append(title).append(" (").append(count_of(chain.size(), "process", "processes"));
  text += "): " + joined(task, chain, " -> ") + "\n";
}

std::string dot_text(std::string_view name) {
  std::string text = "\"";
  for (const char c : printable(name)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

// Quotes keep Mermaid from parsing a name as its own syntax. Inside them it still parses entities,
// HTML and, after a backtick, Markdown; these are escaped.
std::string mermaid_text(std::string_view name) {
  std::string text = "\"";
  for (const char c : printable(name)) {
    if (std::string_view("\"#&<>`").find(c) == std::string_view::npos) {
      text += c;
    } else {
      text += "#" + std::to_string(static_cast<int>(c)) + ";";
    }
  }
  return text + '"';
}

std::string node_id(std::size_t p) {
  return "p" + std::to_string(p);
}

Json names_json(const TaskConfig& task, const std::vector<ProcessIndex>& processes) {
  Json names = Json::array();
  for (const ProcessIndex p : processes) names.push_back(task.processes[p].name);
  return names;
}

}  // namespace

std::string graph_text(const TaskConfig& task, const Graph& graph) {
  std::size_t edges = 0;
  for (ProcessIndex p = 0; p < graph.size(); ++p) edges += graph.dependents(p).size();
  std::string text = "task " + printable(task.name) + ": " +
                     count_of(task.processes.size(), "process", "processes") + ", " +
                     count_of(edges, "dependency", "dependencies") + "\n\n";
  add_levels(text, task, graph, false);
  const std::vector<ProcessIndex> finals = longest_of(task, graph, true);
  if (!finals.empty()) {
    text += "finalizers\n";
    add_levels(text, task, graph, true);
  }
  text += '\n';
  const std::vector<ProcessIndex> chain = longest_of(task, graph, false);
  if (!chain.empty()) add_chain(text, "longest chain", task, chain);
  if (!finals.empty()) add_chain(text, "longest chain of finalizers", task, finals);
  return text;
}

std::string graph_dot(const TaskConfig& task, const Graph& graph) {
  std::string text = "digraph " + dot_text(task.name) + " {\n  rankdir=LR;\n  node [shape=box];\n";
  std::string finals;
  for (std::size_t p = 0; p < task.processes.size(); ++p) {
    const ProcessConfig& process = task.processes[p];
    const std::string kind = kind_of(process);
    std::string node = node_id(p) + " [label=" + dot_text(process.name);
    if (!kind.empty()) node += ", style=dashed, tooltip=" + dot_text(kind);
    node += "];\n";
    if (process.final) {
      finals += "    " + node;
    } else {
      text += "  " + node;
    }
  }
  if (!finals.empty()) {
    text += "  subgraph cluster_final {\n    label=\"finalizers\";\n" + finals + "  }\n";
  }
  for_each_edge(graph, [&text](ProcessIndex p, ProcessIndex after, std::string_view until) {
    text += "  " + node_id(p) + " -> " + node_id(after);
    if (!until.empty()) text.append(" [label=\"").append(until).append("\"]");
    text += ";\n";
  });
  return text + "}\n";
}

std::string graph_mermaid(const TaskConfig& task, const Graph& graph) {
  std::string text = "flowchart LR\n";
  std::string finals;
  for (std::size_t p = 0; p < task.processes.size(); ++p) {
    const ProcessConfig& process = task.processes[p];
    const bool rounded = process.daemon || process.ephemeral;
    const std::string node = node_id(p) + (rounded ? "(" : "[") + mermaid_text(process.name) +
                             (rounded ? ")" : "]") + "\n";
    if (process.final) {
      finals += "    " + node;
    } else {
      text += "  " + node;
    }
  }
  if (!finals.empty()) text += "  subgraph finalizers\n" + finals + "  end\n";
  for_each_edge(graph, [&text](ProcessIndex p, ProcessIndex after, std::string_view until) {
    text += "  " + node_id(p) + " -->";
    if (!until.empty()) text.append("|").append(until).append("|");
    text += " " + node_id(after) + "\n";
  });
  return text;
}

Json graph_json(const TaskConfig& task, const Graph& graph) {
  const std::vector<std::uint32_t> depths = graph.depths();
  const auto waits = waits_of(graph);
  Json json;
  json["task"] = task.name;
  Json& processes = json["processes"] = Json::array();
  for (std::size_t p = 0; p < task.processes.size(); ++p) {
    const ProcessConfig& process = task.processes[p];
    Json one;
    one["name"] = process.name;
    one["level"] = depths[p];
    one["final"] = process.final;
    one["daemon"] = process.daemon;
    one["ephemeral"] = process.ephemeral;
    Json& names = one["waits_for"] = Json::array();
    Json& needs = one["needs"] = Json::array();
    for (const Wait& wait : waits[p]) {
      const std::string& name = task.processes[wait.process].name;
      if (names.empty() || names.back() != name) names.push_back(name);
      needs.push_back({{"process", name}, {"condition", word_of(wait.until)}});
    }
    processes.push_back(std::move(one));
  }
  json["longest_chain"] = names_json(task, longest_of(task, graph, false));
  json["longest_final_chain"] = names_json(task, longest_of(task, graph, true));
  return json;
}

}  // namespace thermos
