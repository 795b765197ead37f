// A text that is refused, and the one line that says so, as the parameter of a test.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace thermos::config {

struct Refusal {
  const char* name;
  std::string text;
  std::string message;  // the whole line, without "f:"
};

inline std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.text.substr(0, 100);
}

inline std::string name_of(const testing::TestParamInfo<Refusal>& info) {
  return info.param.name;
}

}  // namespace thermos::config
