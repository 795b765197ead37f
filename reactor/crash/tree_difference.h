// Finds the differences between the files that two runs of a task made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thermos {

enum class DifferenceKind : std::uint8_t {
  Missing,  // only the first has it
  Extra,    // only the second has it
  Type,     // a file in one, a directory or a link in the other
  Content,
};
std::string_view name_of(DifferenceKind kind);  // "missing"

struct FileDifference {
  std::string path;  // relative to the directories
  DifferenceKind kind = DifferenceKind::Content;
  std::string text;  // the first difference, for people: "line 2: 'x' is now 'y'"
};

// Compares the files, directories and links below two directories, and their contents, but not
// their times or modes. Compares only those at `paths`, if there are any. Returns the differences
// in the order of the names. The contents of a directory that is missing or extra are not listed.
// Does not throw: a file that can't be read counts as different, and a directory that can't be read
// counts as empty.
std::vector<FileDifference> compare_trees(const std::string& first, const std::string& second,
                                          const std::vector<std::string>& paths);

// Returns the number of files, links and the like at `paths` below the directory, or of all below
// it if there are no `paths`.
std::size_t count_files(const std::string& directory, const std::vector<std::string>& paths);

}  // namespace thermos
