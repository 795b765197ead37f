#include "reactor/observe/root_mirror.h"

#include <uv.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/record/paths.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/event_ring.h"
#include "reactor/os/clocks.h"
#include "task_run.h"

namespace thermos::observe {
namespace {

constexpr Microseconds kPatience = 60'000'000;  // only ends a test that hangs

// What follows a root, and its loop.
struct Following {
  explicit Following(const std::string& root)
      : turn_end(loop, [this] { loop.end_turn(); }), paths(root) {}

  // Runs the loop until an event is told.
  bool is_told() {
    bool over = false;
    const auto patience = deadlines.add(read_clocks().boot + kPatience, [&over] { over = true; });
    while (events.last() == 0 && !over) uv_run(loop.raw(), UV_RUN_ONCE);
    deadlines.cancel(patience);
    return events.last() > 0;
  }

  Loop loop;
  TurnEnd turn_end;
  Deadlines deadlines{loop};
  Inotify inotify{loop, true};
  Paths paths;
  EventRing events{"e", 1 << 20};
  RootMirror mirror{loop, inotify, paths, events};
};

// Each directory on the way to the tasks may come between two looks at it.
TEST(RootMirror, SeesTheTaskOfARootThatIsMadeWhileItBegins) {
  const real::Site site;
  for (int round = 0; round < 500; ++round) {
    const std::string root = site.path() + "/" + std::to_string(round);
    Following following(root);
    std::thread maker([&] {
      std::filesystem::create_directories(following.paths.active_dir());
      std::filesystem::create_directories(following.paths.finished_dir());
    });
    const Status started = following.mirror.start();
    maker.join();
    ASSERT_TRUE(started) << started.error().message;
    std::ofstream(following.paths.active_task("t")) << "";
    ASSERT_TRUE(following.is_told()) << "round " << round;
  }
}

}  // namespace
}  // namespace thermos::observe
