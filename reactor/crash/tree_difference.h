// What differs between the files that two runs of a task made.
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
  std::string path;  // below the directories
  DifferenceKind kind = DifferenceKind::Content;
  std::string text;  // where its content differs first, for people: "line 2: 'x' is now 'y'"
};

// Compares what is below two directories at `paths`, or all of it if there are none: which files,
// directories and links there are, and what they hold; not their times nor their modes. Returns
// what differs in the order of the names. What lies in a directory that is missing or extra is not
// listed. Throws nothing: what can't be read differs.
std::vector<FileDifference> compare_trees(const std::string& first, const std::string& second,
                                          const std::vector<std::string>& paths);

// How many files there are below the directory at `paths`.
std::size_t count_files(const std::string& directory, const std::vector<std::string>& paths);

}  // namespace thermos
