// `thermos` with a root, a home and a working directory of its own.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program.h"

namespace thermos::testing {

class ThermosTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  ThermosTest();

  std::string root() const { return scratch_ / "root"; }
  std::string work() const { return scratch_ / "work"; }  // the current directory

  // Writes a file in the working directory and returns its path.
  std::string file(const std::string& name, std::string_view text) const;
  Invocation thermos(const Words& words) const;
  Finished run(const Words& words) const { return run_program(thermos(words)); }
  // Runs this configuration by `thermos run --task-id ID`.
  Finished run_task(const std::string& id, std::string_view config, Words options = {}) const;
  // Expects that `thermos WORDS` fails with this exit status, prints one line to standard error
  // that contains `reason`, and nothing else.
  void refuse(const Words& words, int status, std::string_view reason) const;
  // The task that `status --json ID` prints.
  nlohmann::json status_of(const std::string& id) const;

  TempDir scratch_;
};

}  // namespace thermos::testing
