// Words to settings, patterns to tasks, and files from their ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "reactor/cli/options.h"
#include "reactor/cli/output.h"
#include "reactor/configuration/configuration.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/task_list.h"
#include "reactor/views/log_tail.h"

namespace thermos {
namespace {

TEST(Options, WordsAndOptionsMix) {
  CommonOptions common;
  OptionParser parser("c", "", common);
  bool flag = false;
  std::string text;
  std::vector<std::string> list;
  parser.flag("-f,--flag", flag);
  parser.text("--text", text);
  parser.texts("-P", list);
  const auto words =
      parser.parse({"a", "-P", "x:1", "b", "-Py:2", "--text=t", "[c]", "-", "--", "-d", "++"});
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_EQ(**words, (Arguments{"a", "b", "[c]", "-", "-d", "++"}));
  EXPECT_EQ(list, (std::vector<std::string>{"x:1", "y:2"}));
  EXPECT_EQ(text, "t");
  EXPECT_FALSE(flag);
}

TEST(Options, StopAtTheFirstWord) {
  CommonOptions common;
  OptionParser parser("c", "", common, true);
  std::string name;
  parser.text("--name", name);
  const auto words = parser.parse({"--name", "n", "echo", "--name", "x", "--", "-h", "++"});
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_EQ(**words, (Arguments{"echo", "--name", "x", "--", "-h", "++"}));
  EXPECT_EQ(name, "n");
  OptionParser other("c", "", common, true);
  const auto dashed = other.parse({"--", "-x", "--", "y"});
  ASSERT_TRUE(dashed) << dashed.error().message;
  EXPECT_EQ(**dashed, (Arguments{"-x", "--", "y"}));
}

TEST(Options, Numbers) {
  EXPECT_EQ(parse_seconds("--wait", "1.5").value(), 1'500'000);
  EXPECT_EQ(parse_seconds("--wait", "0").value(), 0);
  EXPECT_EQ(parse_seconds("--wait", "1m30s").value(), 90'000'000);
  for (const char* wrong : {"", "-1", "x", "1x", "nan", "inf", "1e300", " 1"}) {
    EXPECT_FALSE(parse_seconds("--wait", wrong)) << wrong;
  }
  EXPECT_EQ(parse_count("-n", "12").value(), 12U);
  for (const char* wrong : {"", "-1", "1.5", "99999999999999999999"}) {
    EXPECT_FALSE(parse_count("-n", wrong)) << wrong;
  }
}

TEST(TaskIds, AreNameAndTimeAndFitAFileName) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  constexpr Microseconds kTime = 1'767'323'045'678'901;
  EXPECT_EQ(make_task_id("hello", kTime), "hello-20260102-030405.678901");
  std::string name(231, 'n');
  for (int i = 0; i < 4; ++i) name += "日";
  const std::string id = make_task_id(name, kTime);
  EXPECT_EQ(id, std::string(231, 'n') + "-20260102-030405.678901");
  EXPECT_TRUE(check_task_id(id));
}

TEST(Selection, ExactIdsAndPatterns) {
  const std::vector<TaskEntry> tasks = {{"a.b", TaskDirectory::Active},
                                        {"axb", TaskDirectory::Active},
                                        {"axbc", TaskDirectory::Finished}};
  const auto ids = [&](const std::vector<std::string>& patterns) {
    std::string text;
    const auto meant = select_tasks(tasks, patterns);
    for (const TaskEntry& task : meant.value()) text += task.id + " ";
    return text;
  };
  EXPECT_EQ(ids({"a.b"}), "a.b ");
  EXPECT_EQ(ids({"a.bc"}), "axbc ");
  EXPECT_EQ(ids({"ax"}), "axb axbc ");
  EXPECT_EQ(ids({"xb"}), "");
  EXPECT_EQ(ids({}), "a.b axb axbc ");
  EXPECT_EQ(select_tasks(tasks, {"("}).error().code, ErrorCode::Usage);
  EXPECT_EQ(select_one(tasks, "ax").error().code, ErrorCode::Usage);
  EXPECT_EQ(select_one(tasks, "q").error().code, ErrorCode::NotFound);
  EXPECT_EQ(select_one(tasks, "axb")->id, "axb");
}

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = "/tmp/thermos-test-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  ~Files() override { std::filesystem::remove_all(directory_); }

  void write(std::string_view text, std::ios::openmode mode = std::ios::trunc) const {
    std::ofstream file(directory_ + "/log", std::ios::binary | std::ios::out | mode);
    file << text;
  }

  // Its file "log".
  Result<LogTail> tail(const std::string& name = "log") const {
    Descriptor fd(::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    FileOwner owner;
    owner.uid = ::geteuid();
    return LogTail::open(LogDirectory(std::move(fd), directory_, owner), name);
  }

  static std::string rest(LogTail& log) {
    std::string text;
    EXPECT_TRUE(log.read_on([&](std::string_view bytes) { text += bytes; }));
    return text;
  }

  std::string ending(std::string_view text, std::uint64_t lines) const {
    write(text);
    auto log = tail();
    EXPECT_TRUE(log->seek_back(lines));
    return rest(*log);
  }

  std::string directory_;
};

TEST_F(Files, TheLastLines) {
  EXPECT_EQ(ending("1\n2\n3\n", 2), "2\n3\n");
  EXPECT_EQ(ending("1\n2\n3", 2), "2\n3");
  EXPECT_EQ(ending("1\n2\n3\n", 3), "1\n2\n3\n");
  EXPECT_EQ(ending("1\n2\n3\n", 9), "1\n2\n3\n");
  EXPECT_EQ(ending("1\n2\n3\n", 0), "");
  EXPECT_EQ(ending("", 5), "");
  EXPECT_EQ(ending("\n\n\n", 2), "\n\n");
  EXPECT_EQ(ending("\n", 1), "\n");
}

TEST_F(Files, LinesLongerThanAPiece) {
  const std::string line(200'000, 'x');
  EXPECT_EQ(ending("a\n" + line + "\nb\n", 2), line + "\nb\n");
  // A newline at each place around the end of a piece.
  for (std::size_t size = 65530; size < 65545; ++size) {
    const std::string tail = std::string(size, 'y') + "\n";
    EXPECT_EQ(ending("first\n" + tail, 1), tail) << size;
  }
}

TEST_F(Files, GrowingAndCutShort) {
  write("one\ntwo\n");
  auto log = tail();
  ASSERT_TRUE(log->seek_back(1));
  EXPECT_EQ(rest(*log), "two\n");
  EXPECT_EQ(rest(*log), "");
  write("three\n", std::ios::app);
  EXPECT_EQ(rest(*log), "three\n");
  write("new\n");
  EXPECT_EQ(rest(*log), "new\n");
  EXPECT_EQ(tail("none").error().code, ErrorCode::NotFound);
}

TEST_F(Files, TasksInBothDirectories) {
  const Paths paths(directory_ + "/root");
  EXPECT_TRUE(list_tasks(paths)->empty());
  std::filesystem::create_directories(paths.active_dir());
  std::filesystem::create_directories(paths.finished_dir());
  for (const std::string& path :
       {paths.active_task("b"), paths.active_task("a"), paths.finished_task("a"),
        paths.finished_task("c"), paths.active_task(".half-written")}) {
    std::ofstream file(path);
  }
  std::string all;
  const auto tasks = list_tasks(paths);
  ASSERT_TRUE(tasks);
  for (const TaskEntry& task : *tasks) {
    all += task.id + (task.directory == TaskDirectory::Active ? "+ " : "- ");
  }
  EXPECT_EQ(all, "a+ b+ c- ");
}

class Screens : public ::testing::Test {
 protected:
  Screens() {
    std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  Descriptor read_;
  Descriptor write_;
};

TEST_F(Screens, AReaderThatStandsStillHoldsNothingUp) {
  Output out(write_.get());
  const std::string line(999, 'x');
  // Far more than a pipe takes, and then far more than is kept.
  for (int i = 0; i < 5000; ++i) out.write(line + "\n");
  EXPECT_TRUE(out.backlog());
  EXPECT_FALSE(out.closed());
  std::string got;
  std::array<char, 65536> buffer{};
  const auto read_some = [&] {
    const ssize_t size = ::read(read_.get(), buffer.data(), buffer.size());
    ASSERT_GT(size, 0);
    got.append(buffer.data(), static_cast<std::size_t>(size));
    out.flush(false);
  };
  while (out.backlog()) read_some();
  out.write("after\n");
  while (!got.ends_with("after\n")) read_some();
  EXPECT_NE(got.find("lines not shown"), std::string::npos);
}

TEST_F(Screens, AReaderGoneAwayIsNoError) {
  read_.reset();
  Output out(write_.get());
  out.print("x");
  out.print("y");
  EXPECT_TRUE(out.closed());
  EXPECT_EQ(out.error(), 0);
}

TEST_F(Screens, AFullDeviceIsAnError) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output out(full.get());
  out.print("x");
  EXPECT_EQ(out.error(), ENOSPC);
}

}  // namespace
}  // namespace thermos
