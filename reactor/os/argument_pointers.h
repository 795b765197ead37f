// Words as exec and its kin take them.
#pragma once

#include <string>
#include <vector>

namespace thermos {

// Pointers to the words, and a null pointer behind them. Good while `words` is neither changed nor
// gone.
inline std::vector<char*> argument_pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace thermos
