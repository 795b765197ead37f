// How a task's `nodes` is read.
#include "reactor/host/node_starter.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace thermos {
namespace {

using Names = std::vector<std::string>;

TEST(NodeStarter, ACommand) {
  const auto starter = find_nodes({"web1,web2=docker exec -i {node} x=1 --serve", ""});
  ASSERT_TRUE(starter.ok()) << starter.error().message;
  EXPECT_EQ(starter->names, (Names{"web1", "web2"}));
  EXPECT_EQ(starter->start, "docker exec -i {node} x=1 --serve");
  EXPECT_EQ(starter->gone, "");
}

TEST(NodeStarter, Ssh) {
  const auto starter = find_nodes({"ssh:a,user@b", "ping {node}"});
  ASSERT_TRUE(starter.ok()) << starter.error().message;
  EXPECT_EQ(starter->names, (Names{"a", "user@b"}));
  EXPECT_NE(starter->start.find(" {node} "), std::string::npos);
  EXPECT_NE(starter->start.find("thermos-coordinator"), std::string::npos);
  // A host that takes no connection and refuses none is tried again.
  EXPECT_NE(starter->start.find(" -oConnectTimeout="), std::string::npos);
  EXPECT_EQ(starter->gone, "ping {node}");
}

// What a shell would take for more than a name is none.
TEST(NodeStarter, TheNameIsQuoted) {
  EXPECT_EQ(command_for("ssh {node} x {node}", "n1"), "ssh 'n1' x 'n1'");
  EXPECT_EQ(command_for("{node}", "a;rm$(x)'b"), "'a;rm$(x)'\\''b'");
  EXPECT_EQ(command_for("none", "n1"), "none");
}

TEST(NodeStarter, WhatIsNoneIsRefused) {
  for (const char* by : {"", "a", "a,b", "=x {node}", ",=x {node}", "a,a=x {node}", "a=x",
                         "ssh:", "ssh:-oProxyCommand=x", "a/b=x {node}"}) {
    const auto starter = find_nodes({by, ""});
    ASSERT_FALSE(starter.ok()) << by;
    EXPECT_EQ(starter.error().code, ErrorCode::BadConfig) << by;
    EXPECT_EQ(starter.error().message.find('\n'), std::string::npos);
  }
}

TEST(NodeStarter, SlurmOutsideOfAJob) {
  ::unsetenv("SLURM_JOB_NODELIST");
  const auto starter = find_nodes({"slurm", ""});
  ASSERT_FALSE(starter.ok());
  EXPECT_EQ(starter.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace thermos
