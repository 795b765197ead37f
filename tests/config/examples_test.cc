// The examples that users start from are good tasks.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/config/load.h"

namespace thermos::config {
namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Examples, AreGoodTasks) {
  Bindings bindings;
  bindings.task_id = "example-1";
  bindings.user = "joe";
  bindings.ports["http"] = 8080;
  bindings.ports["db"] = 8081;
  bindings.environment["mode"] = "test";
  bindings.environment["day"] = "monday";
  bindings.environment["bin"] = "/usr/lib/postgresql/15/bin";
  bindings.read_file = [](const std::string& name) -> Result<std::string> {
    return contents(THERMOS_SOURCE "/reactor/examples/" + name);
  };
  int loaded = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(THERMOS_SOURCE "/reactor/examples")) {
    const std::string kind = entry.path().extension();
    if (kind != ".json" && kind != ".yaml") continue;
    const std::string text = contents(entry.path());
    std::vector<std::string> names = {""};
    if (entry.path().stem() == "templates") names = {"greet", "listen"};
    for (const std::string& name : names) {
      const auto task = load(text, entry.path().string(), name, bindings);
      EXPECT_TRUE(task.ok()) << task.error().message;
      ++loaded;
    }
  }
  EXPECT_GE(loaded, 6);
}

}  // namespace
}  // namespace thermos::config
