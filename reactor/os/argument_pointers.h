// Arguments in the form that execve(2) takes.
#pragma once

#include <string>
#include <vector>

namespace thermos {

// Returns pointers to the words, followed by a null pointer. They are valid while `words` lives
// unchanged.
inline std::vector<char*> argument_pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace thermos
