#include "reactor/os/group_sync.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "reactor/os/close_together.h"
#include "reactor/os/descriptor.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class GroupSyncTest : public StreamFixture {
 protected:
  // So many files with something in them that is not on the disk.
  std::vector<GroupSync::File> written(std::size_t count) {
    std::vector<GroupSync::File> files;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string file = path(std::to_string(opened_.size()));
      opened_.emplace_back(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      EXPECT_EQ(write(opened_.back().get(), "x", 1), 1);
      files.push_back({opened_.back().get(), true, -1});
    }
    return files;
  }

  std::vector<Descriptor> opened_;
};

TEST_F(GroupSyncTest, AnyNumberOfFilesAndDirectories) {
  GroupSync group;
  for (const std::size_t count : {0U, 1U, 2U, 3U, 127U, 128U, 129U, 300U}) {
    auto files = written(count);
    const Descriptor directory(open(path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    files.push_back({directory.get(), false, -1});
    group.sync(files);
    for (const auto& file : files) EXPECT_EQ(file.error, 0) << count;
    opened_.clear();
  }
}

TEST_F(GroupSyncTest, EachHasItsOwnError) {
  GroupSync group;
  auto files = written(200);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor out(ends[0]);
  const Descriptor in(ends[1]);
  files[3].fd = in.get();
  files[7].fd = -1;
  files[199].fd = -1;
  group.sync(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i].error, i == 3 ? EINVAL : i == 7 || i == 199 ? EBADF : 0) << i;
  }
}

TEST_F(GroupSyncTest, WithoutADescriptorForItOneIsSyncedAfterTheOther) {
  GroupSync group;
  auto files = written(5);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(files.back().fd) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  group.sync(files);
  setrlimit(RLIMIT_NOFILE, &before);
  for (const auto& file : files) EXPECT_EQ(file.error, 0);
  for (auto& file : files) file.error = -1;
  group.sync(files);
  for (const auto& file : files) EXPECT_EQ(file.error, 0);
}

TEST_F(GroupSyncTest, DescriptorsCloseTogether) {
  written(6);
  std::vector<int> numbers;
  for (const Descriptor& one : opened_) numbers.push_back(one.get());
  const int kept = numbers[3];
  const Descriptor other = std::move(opened_[3]);
  std::swap(opened_[0], opened_[5]);
  close_together(opened_);
  for (const Descriptor& one : opened_) EXPECT_FALSE(one);
  for (const int fd : numbers) EXPECT_EQ(fcntl(fd, F_GETFD) >= 0, fd == kept) << fd;
}

}  // namespace
}  // namespace thermos
