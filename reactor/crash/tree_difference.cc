#include "reactor/crash/tree_difference.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "core/base/text.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kKindNames = {"missing", "extra", "type", "content"};

// The type of each file below a directory, by its relative path.
using Tree = std::map<std::string, fs::file_type>;

void add_entry(const fs::path& root, const fs::path& path, Tree& tree) {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(path, ignored);
  if (status.type() == fs::file_type::not_found || status.type() == fs::file_type::none) return;
  tree[path.lexically_relative(root).string()] = status.type();
}

void add_all(const fs::path& root, const fs::path& path, Tree& tree) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() != fs::file_type::directory) return;
  auto it =
      fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    add_entry(root, it->path(), tree);
  }
}

Tree tree_of(const std::string& root, const std::vector<std::string>& paths) {
  Tree tree;
  if (paths.empty()) add_all(root, root, tree);
  for (const std::string& name : paths) {
    const fs::path path = (fs::path(root) / name).lexically_normal();
    if (path.lexically_relative(root) != ".") add_entry(root, path, tree);
    add_all(root, path, tree);
  }
  return tree;
}

std::string line_text(const std::optional<std::string>& line) {
  return line ? thermos::quoted(*line) : "missing";
}

std::optional<std::string> next_line(std::ifstream& file) {
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // A last line without a newline differs from the same line with one.
  if (!file.eof()) line += '\n';
  return line;
}

std::string line_difference(std::size_t number, std::optional<std::string> first,
                            std::optional<std::string> second) {
  const std::string where = "line " + std::to_string(number) + ": ";
  const bool whole = first && second && first->ends_with('\n') && second->ends_with('\n');
  for (auto* line : {&first, &second}) {
    if (*line && (*line)->ends_with('\n') && (whole || !first || !second)) (*line)->pop_back();
  }
  if (!first) return where + line_text(second) + " is extra";
  if (!second) return where + line_text(first) + " is missing";
  return where + line_text(first) + " is now " + line_text(second);
}

// Returns the first difference; nothing if the contents are the same.
std::optional<std::string> content_difference(const fs::path& first, const fs::path& second) {
  std::ifstream one(first, std::ios::binary);
  std::ifstream other(second, std::ios::binary);
  if (!one || !other) return "can't be read";
  for (std::size_t number = 1;; ++number) {
    const auto a = next_line(one);
    const auto b = next_line(other);
    if (!a && !b) return std::nullopt;
    if (a != b) return line_difference(number, a, b);
  }
}

std::optional<std::string> link_difference(const fs::path& first, const fs::path& second) {
  std::error_code error;
  const std::string one = fs::read_symlink(first, error).string();
  const std::string other = fs::read_symlink(second, error).string();
  if (one == other) return std::nullopt;
  return "a link to " + thermos::quoted(one) + " is now one to " + thermos::quoted(other);
}

std::string_view type_name(fs::file_type type) {
  switch (type) {
    case fs::file_type::regular:
      return "a file";
    case fs::file_type::directory:
      return "a directory";
    case fs::file_type::symlink:
      return "a link";
    default:
      return "a special file";
  }
}

bool is_below(const std::string& path, const std::set<std::string>& directories) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (directories.contains(path.substr(0, slash))) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(DifferenceKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::vector<FileDifference> compare_trees(const std::string& first, const std::string& second,
                                          const std::vector<std::string>& paths) {
  const Tree before = tree_of(first, paths);
  const Tree after = tree_of(second, paths);
  std::set<std::string> names;
  for (const auto& [path, type] : before) names.insert(path);
  for (const auto& [path, type] : after) names.insert(path);
  std::vector<FileDifference> differences;
  std::set<std::string> told;  // paths below which nothing more is reported
  for (const std::string& path : names) {
    if (is_below(path, told)) continue;
    const auto a = before.find(path);
    const auto b = after.find(path);
    if (a == before.end() || b == after.end()) {
      const bool extra = a == before.end();
      const fs::file_type type = extra ? b->second : a->second;
      if (type == fs::file_type::directory) told.insert(path);
      differences.push_back({path, extra ? DifferenceKind::Extra : DifferenceKind::Missing,
                             std::string(type_name(type)) + (extra ? " is extra" : " is missing")});
      continue;
    }
    if (a->second != b->second) {
      told.insert(path);
      differences.push_back(
          {path, DifferenceKind::Type,
           std::string(type_name(a->second)) + " is now " + std::string(type_name(b->second))});
      continue;
    }
    std::optional<std::string> text;
    const fs::path one = fs::path(first) / path;
    const fs::path other = fs::path(second) / path;
    if (a->second == fs::file_type::regular) text = content_difference(one, other);
    if (a->second == fs::file_type::symlink) text = link_difference(one, other);
    if (text) differences.push_back({path, DifferenceKind::Content, *text});
  }
  return differences;
}

std::size_t count_files(const std::string& directory, const std::vector<std::string>& paths) {
  const Tree tree = tree_of(directory, paths);
  return static_cast<std::size_t>(std::count_if(tree.begin(), tree.end(), [](const auto& entry) {
    return entry.second != fs::file_type::directory;
  }));
}

}  // namespace thermos
