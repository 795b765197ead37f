// Keys of other programs are called what they are here.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/config/other_programs_keys.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

TEST(ForeignKeys, OfEverydayFilesAreKnown) {
  const auto& process = fields::object_type<ProcessConfig>();
  for (const char* key :
       {"depends_on", "command", "environment", "working_dir", "restart", "readiness_probe",
        "autorestart", "startsecs", "ExecStart", "Restart", "WorkingDirectory", "image"}) {
    EXPECT_NE(foreign_hint(key, process), "") << key;
    EXPECT_EQ(process.find(key), nullptr) << key;
  }
  const auto& task = fields::object_type<TaskConfig>();
  for (const char* key : {"services", "environment", "working_dir", "depends_on"}) {
    EXPECT_NE(foreign_hint(key, task), "") << key;
  }
  EXPECT_EQ(foreign_hint("cmdline", process), "");
  EXPECT_EQ(foreign_hint("ExecStart", process),
            ": here it is 'cmdline', or 'argv' without a shell");
}

// The Python package gives the same hints.
TEST(ForeignKeys, LieBesideThePythonPackage) {
  constexpr const char* kFile = "/reactor/python/thermos_config/foreign.json";
  std::ifstream file(THERMOS_SOURCE + std::string(kFile));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text == foreign_keys_json()) << "the keys have changed; it is to be:\n"
                                           << foreign_keys_json();
}

}  // namespace
}  // namespace thermos::config
