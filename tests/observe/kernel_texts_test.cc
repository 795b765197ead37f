#include "reactor/observe/kernel_texts.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos::observe {
namespace {

std::string stat_line(const std::string& name) {
  return "4711 (" + name +
         ") S 42 4711 4711 0 -1 4194560 1000 20000 1 2 150 50 7000 300 20 0 3 0 123456 900000000 "
         "2560 18446744073709551615 1 1 0 0 0 0 65536 3686404 1266761467 0 0 0 17 1 0 0 0 0 0\n";
}

TEST(KernelTexts, AProcess) {
  for (const std::string name : {"bash", "a b", ") R 1 (", "new\nline", ")", ""}) {
    const auto line = parse_process_line(stat_line(name));
    ASSERT_TRUE(line) << name;
    EXPECT_EQ(*line, (ProcessLine{42, 'S', 200, 7300, 3, 123456, 2560})) << name;
  }
  const std::string whole = stat_line("bash");
  // The last field that is read ends before the 18446744073709551615.
  const std::size_t needed = whole.find(" 18446744073709551615");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto line = parse_process_line(std::string_view(whole).substr(0, size));
    if (size >= needed) {
      EXPECT_TRUE(line) << size;
    } else if (line) {
      // A number that is cut short is one.
      EXPECT_GT(size, whole.find(" 2560")) << size;
    }
  }
  for (const char* other :
       {"", "1", "1 (x)", "1 (x) ", "1 (x) S", "1 (x) SS 1 1", "1 (x) S a b c"}) {
    EXPECT_FALSE(parse_process_line(other)) << other;
  }
}

TEST(KernelTexts, StorageOfAProcess) {
  EXPECT_EQ(parse_process_io("rchar: 323934931\nwchar: 323929600\nsyscr: 632687\nsyscw: 632675\n"
                             "read_bytes: 4096\nwrite_bytes: 323932160\n"
                             "cancelled_write_bytes: 1\n"),
            (StorageBytes{4096, 323932160}));
  EXPECT_FALSE(parse_process_io(""));
  EXPECT_FALSE(parse_process_io("read_bytes: 1\nwrite_bytes: x\n"));
  EXPECT_FALSE(parse_process_io("write_bytes: 1\n"));
}

TEST(KernelTexts, StorageOfAGroup) {
  EXPECT_EQ(parse_group_io(""), StorageBytes());
  EXPECT_EQ(
      parse_group_io("8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
                     "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"
                     "253:0 \n"),
      (StorageBytes{1459210, 314773524}));
  EXPECT_EQ(parse_group_io("8:0 Read 100\n8:0 Write 200\n8:0 Sync 300\n8:0 Total 300\n"
                           "8:16 Read 1\n8:16 Write 2\nTotal 303\n"),
            (StorageBytes{101, 202}));
}

TEST(KernelTexts, Pids) {
  using Pids = std::vector<pid_t>;
  EXPECT_EQ(parse_pids(""), Pids());
  EXPECT_EQ(parse_pids("12 345 6 "), (Pids{12, 345, 6}));
  EXPECT_EQ(parse_pids("12\n345\n"), (Pids{12, 345}));
  EXPECT_EQ(parse_pids("0\n7\n"), Pids{7});
  EXPECT_EQ(parse_pids("1 x 2"), Pids{1});
  EXPECT_EQ(parse_pids("1 -2 3"), Pids{1});
  EXPECT_EQ(parse_pids("99999999999999 1"), Pids());
}

TEST(KernelTexts, Values) {
  const char* const text = "usage_usec 123\nuser_usec 23\nanon_thp 5\nanon 7\n";
  EXPECT_EQ(value_of(text, "usage_usec"), 123U);
  EXPECT_EQ(value_of(text, "anon"), 7U);
  EXPECT_EQ(value_of(text, "system_usec"), std::nullopt);
  EXPECT_EQ(value_of("anon x\nanon 3", "anon"), 3U);
  EXPECT_EQ(parse_number("17\n"), 17U);
  EXPECT_EQ(parse_number("17"), 17U);
  EXPECT_EQ(parse_number(""), std::nullopt);
  EXPECT_EQ(parse_number("max\n"), std::nullopt);
}

constexpr const char* kUnifiedMounts =
    "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "28 25 0:26 / /sys/fs/cgroup rw,nosuid shared:8 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kOldMounts =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(KernelTexts, MountsOfGroups) {
  EXPECT_EQ(parse_group_mounts(kUnifiedMounts),
            (std::vector<GroupMount>{{"/sys/fs/cgroup", "/", ""}}));
  const auto mounts = parse_group_mounts(kOldMounts);
  ASSERT_EQ(mounts.size(), 4U);
  EXPECT_EQ(mounts[0], (GroupMount{"/sys/fs/cgroup/cpu,cpuacct", "/", "rw,cpu,cpuacct"}));
  EXPECT_EQ(mounts[1].root, "/box");
  EXPECT_EQ(mounts[3].controllers, "");
  EXPECT_TRUE(parse_group_mounts("\n - \nx - cgroup2\n").empty());
}

TEST(KernelTexts, TheGroupOfAProcess) {
  const char* const text = "12:cpu,cpuacct:/a:b\n4:memory:/m\n1:name=systemd:/s\n0::/u\n";
  EXPECT_EQ(group_in(text, ""), "/u");
  EXPECT_EQ(group_in(text, "cpuacct"), "/a:b");
  EXPECT_EQ(group_in(text, "cpu"), "/a:b");
  EXPECT_EQ(group_in(text, "memory"), "/m");
  EXPECT_EQ(group_in(text, "blkio"), std::nullopt);
}

TEST(KernelTexts, TheGroupThatIsTheRunsOwn) {
  const auto unified = parse_group_mounts(kUnifiedMounts);
  EXPECT_EQ(own_group(unified, "0::/x.scope/tasks/t/p.0\n", "0::/x.scope/coordinators\n"),
            (GroupDirectories{"/sys/fs/cgroup/x.scope/tasks/t/p.0", "", "", ""}));
  // That of its coordinator, or of all, is not.
  for (const char* group : {"0::/x.scope\n", "0::/\n", ""}) {
    EXPECT_EQ(own_group(unified, group, group), GroupDirectories()) << group;
  }
  EXPECT_EQ(own_group(unified, "0::/\n", "0::/x\n"), GroupDirectories());

  const auto old = parse_group_mounts(kOldMounts);
  const auto found = own_group(old, "5:cpu,cpuacct:/run\n4:memory:/box/run\n3:blkio:/\n0::/\n",
                               "5:cpu,cpuacct:/\n4:memory:/box\n3:blkio:/\n0::/\n");
  EXPECT_EQ(found, (GroupDirectories{"", "/sys/fs/cgroup/cpu,cpuacct/run",
                                     "/sys/fs/cgroup/memory/run", ""}));
  EXPECT_EQ(found.members(), found.cpu);
  // One that is not to be seen from here is none.
  EXPECT_EQ(own_group(old, "4:memory:/boxes/run\n", "4:memory:/\n"), GroupDirectories());
}

}  // namespace
}  // namespace thermos::observe
