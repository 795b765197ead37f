#include "thermos_fixture.h"

#include <algorithm>
#include <filesystem>

namespace thermos::testing {

ThermosTest::ThermosTest() {
  std::filesystem::create_directory(work());
}

std::string ThermosTest::file(const std::string& name, std::string_view text) const {
  std::string path = work() + "/" + name;
  write_text(path, text);
  return path;
}

Invocation ThermosTest::thermos(const Words& words) const {
  Invocation invocation;
  invocation.words = {built("thermos")};
  invocation.words.insert(invocation.words.end(), words.begin(), words.end());
  invocation.environment = {{"THERMOS_ROOT", root()}, {"HOME", scratch_ / "home"}};
  invocation.directory = work();
  return invocation;
}

Finished ThermosTest::run_task(const std::string& id, std::string_view config,
                               Words options) const {
  Words words = {"run", "--task-id", id};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(file(id + ".json", config));
  return run(words);
}

void ThermosTest::refuse(const Words& words, int status, std::string_view reason) const {
  const Finished done = run(words);
  EXPECT_EQ(done.status, status) << done.err;
  EXPECT_NE(done.err.find(reason), std::string::npos) << done.err;
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
  EXPECT_EQ(done.out, "");
}

nlohmann::json ThermosTest::status_of(const std::string& id) const {
  const Finished status = run({"status", "--json", id});
  EXPECT_EQ(status.status, 0) << status.err;
  const auto json = nlohmann::json::parse(status.out);
  EXPECT_EQ(json.at("tasks").size(), 1U);
  return json.at("tasks").at(0);
}

}  // namespace thermos::testing
