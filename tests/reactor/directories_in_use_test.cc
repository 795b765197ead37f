#include "reactor/store/directories_in_use.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "past_task.h"
#include "program.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

class Places : public ::testing::Test {
 protected:
  Places() { make_past_directories(paths_); }
  void put(const std::string& id, const std::string& sandbox) const {
    put_past_task(paths_, {.id = id, .sandbox = sandbox, .ended = kSecond});
  }
  // As long as it is led.
  void put_active(const std::string& id, const std::string& sandbox) const {
    put(id, sandbox);
    fs::rename(paths_.finished_task(id), paths_.active_task(id));
  }

  testing::TempDir scratch_;
  const Paths paths_{scratch_.path()};
  PlacesInUse places_{paths_};
};

TEST_F(Places, OfEachTaskThatHasAFile) {
  put("ended", "/a/b");
  put_active("active", "/c");
  places_.refresh();
  EXPECT_TRUE(places_.uses("/a/b"));
  EXPECT_TRUE(places_.uses("/a")) << "what it lies in";
  EXPECT_FALSE(places_.uses("/a/bc"));
  EXPECT_TRUE(places_.uses("/c"));
  places_.forget("ended");
  EXPECT_FALSE(places_.uses("/a"));
}

TEST_F(Places, ATasksOwnAreNotCountedButAnothersAre) {
  put("job", paths_.default_sandbox("job"));
  places_.refresh();
  EXPECT_FALSE(places_.uses(paths_.default_sandbox("job")));
  put_active("jo", paths_.default_sandbox("job"));
  places_.refresh();
  EXPECT_TRUE(places_.uses(paths_.default_sandbox("job")));
}

TEST_F(Places, OfOneThatBeganAndEndedMeanwhile) {
  places_.refresh();
  put_active("t", "/a");
  fs::rename(paths_.active_task("t"), paths_.finished_task("t"));
  places_.refresh();
  EXPECT_TRUE(places_.uses("/a"));
}

TEST_F(Places, OfOneWhoseHeaderComesAMomentLater) {
  std::ofstream(paths_.active_task("t")) << "{}";
  places_.refresh();
  EXPECT_FALSE(places_.uses("/a"));
  fs::remove(paths_.active_task("t"));
  put_active("t", "/a");
  places_.refresh();
  EXPECT_TRUE(places_.uses("/a"));
}

}  // namespace
}  // namespace thermos
