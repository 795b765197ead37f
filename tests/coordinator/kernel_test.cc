// The pieces that read /proc and write text without allocating.
#include "coordinator/kernel.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "coordinator/line_buffer.h"
#include "core/base/utf8.h"
#include "rig.h"

namespace thermos::coordinator {
namespace {

constexpr const char* kRest =
    " S 4242 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654321 1000 200 18446744073709551615";

TEST(Stat, ReadsParentAndTicks) {
  for (const std::string name : {"(bash)", "(a b)", "(x) S 1 1)", "())", "(\n)", "((()"}) {
    const auto stat = parse_stat("123 " + name + kRest);
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 4242);
    EXPECT_EQ(stat->ticks, 987654321U);
  }
}

TEST(Stat, RefusesAnythingElse) {
  const std::string whole = "123 (bash)" + std::string(kRest);
  const std::size_t ticks_end = whole.find(" 1000");
  for (std::size_t size = 0; size < ticks_end - 9; ++size)
    EXPECT_FALSE(parse_stat(whole.substr(0, size))) << size;
  EXPECT_FALSE(parse_stat("123 (bash) S x 17 17 0"));
}

TEST(Stat, ReadsOurOwn) {
  const auto stat = read_stat(::getpid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, ::getppid());
  EXPECT_GT(stat->ticks, 0U);
  EXPECT_FALSE(read_stat(-1));
  EXPECT_EQ(start_ticks(-1), 0U);
}

// In a child of the test: two children of it, one of them with a child of its own; `kill_them` must
// end its children and nothing else. Exit status 0 if so.
int family_dies(void (*kill_them)()) {
  const pid_t bystander = ::fork();
  if (bystander == 0) {
    ::pause();
    ::_exit(0);
  }
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int ready[2];
    if (::pipe(ready) != 0) ::_exit(10);
    for (int i = 0; i < 2; ++i) {
      if (::fork() == 0) {
        if (i == 1 && ::fork() == 0) {
          ::setsid();
          [[maybe_unused]] const ssize_t n = ::write(ready[1], "x", 1);
          ::pause();
        }
        ::pause();
        ::_exit(0);
      }
    }
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) ::_exit(11);
    int killed = 0;
    for (int status = 0;;) {
      kill_them();
      if (::wait(&status) < 0) break;
      if (status == SIGKILL) ++killed;
    }
    ::_exit(killed == 3 && errno == ECHILD ? 0 : 12);
  }
  const int status = rig::wait_for(parent);
  EXPECT_TRUE(rig::alive(bystander));
  EXPECT_NE(rig::state_of(bystander), 'Z');
  ::kill(bystander, SIGKILL);
  rig::wait_for(bystander);
  return status;
}

TEST(Children, AreKilledByTheKernelsList) {
  EXPECT_EQ(family_dies(kill_children), 0);
}

TEST(Children, AreKilledByLookingAtEveryProcess) {
  EXPECT_EQ(family_dies(kill_children_by_scan), 0);
}

TEST(LineBuffer, NumbersErrorsAndTheCut) {
  LineBuffer text;
  text.add("a").add(std::int64_t{-12}).add(" ").add_error(ENOENT);
  EXPECT_EQ(text.view(), "a-12 No such file or directory");
  LineBuffer strange;
  strange.add_error(99999);
  EXPECT_EQ(strange.view(), "error 99999");
  LineBuffer full;
  for (int i = 0; i < 300; ++i) full.add("12345678");
  EXPECT_EQ(full.view().size(), 1024U);
  EXPECT_EQ(std::string(full.c_str()), full.view());
}

TEST(LineBuffer, NoCharacterIsCutInTwo) {
  const std::string euros = "\xe2\x82\xac\xe2\x82\xac";
  for (std::size_t before = 1018; before <= 1024; ++before) {
    LineBuffer full;
    full.add(std::string(before, 'x')).add(euros).add("y");
    EXPECT_TRUE(is_utf8(full.view())) << before;
    // What would follow the cut is dropped, even if it fits: the line would read as if it were all.
    EXPECT_EQ(full.view().back() == 'y', before + euros.size() + 1 <= 1024) << before;
  }
  LineBuffer part;
  part.add(euros, 5).add("y");
  EXPECT_EQ(part.view(), "\xe2\x82\xacy");
  LineBuffer whole;
  whole.add(euros, 6).add("y");
  EXPECT_EQ(whole.view(), euros + "y");
}

TEST(Kernel, WhoIsAServiceManager) {
  EXPECT_TRUE(is_engine(1));
  EXPECT_FALSE(is_engine(::getpid()));
  EXPECT_FALSE(is_engine(0));
  EXPECT_FALSE(is_engine(-1));
}

}  // namespace
}  // namespace thermos::coordinator
