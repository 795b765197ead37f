#include "reactor/observe/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thermos::observe {
namespace {

Result<Route> routed(const std::string& target) {
  const Target parts = split_target(target);
  return route(parts.path, parts.query);
}

ErrorCode refused(const std::string& target) {
  const Result<Route> found = routed(target);
  EXPECT_FALSE(found.ok()) << target;
  if (found) return ErrorCode::System;
  EXPECT_FALSE(found.error().message.empty()) << target;
  return found.error().code;
}

TEST(Route, FindsEachResource) {
  EXPECT_EQ(routed("/api/tasks")->resource, Resource::Tasks);
  EXPECT_EQ(routed("/events")->resource, Resource::Events);
  EXPECT_EQ(routed("/metrics")->resource, Resource::Metrics);
  const auto task = routed("/api/tasks/nightly-1");
  EXPECT_EQ(task->resource, Resource::Task);
  EXPECT_EQ(task->task, "nightly-1");
  EXPECT_EQ(routed("/api/tasks/t/graph")->resource, Resource::Graph);
  EXPECT_EQ(routed("/api/tasks/t/why")->resource, Resource::Why);
  EXPECT_EQ(routed("/api/tasks/t/processes/a%20b")->resource, Resource::Process);
  EXPECT_EQ(routed("/api/tasks/t/processes/a%20b")->process, "a b");
  const auto log = routed("/api/tasks/t/processes/a%20b/runs/12/stderr");
  EXPECT_EQ(log->resource, Resource::Log);
  EXPECT_EQ(log->process, "a b");
  EXPECT_EQ(log->run, 12U);
  EXPECT_EQ(log->stream, "stderr");
  const auto use = routed("/api/tasks/t/processes/a%20b/runs/12/resources?after=12.5");
  EXPECT_EQ(use->resource, Resource::Use);
  EXPECT_EQ(use->process, "a b");
  EXPECT_EQ(use->run, 12U);
  EXPECT_EQ(use->stream, "");
  EXPECT_EQ(use->after, 12'500'000);
  EXPECT_EQ(routed("/api/tasks/t/files")->names, std::vector<std::string>{});
  EXPECT_EQ(routed("/api/tasks/t/files/")->names, std::vector<std::string>{});
  EXPECT_EQ(routed("/api/tasks/t/files/a/b%2Ec")->names, (std::vector<std::string>{"a", "b.c"}));
  EXPECT_EQ(routed("/api/tasks/t/files/a/")->names, std::vector<std::string>{"a"});
}

TEST(Route, ThePageIsAtTheTopAndInAFolderOfItsOwn) {
  EXPECT_EQ(routed("/")->page, "index.html");
  EXPECT_EQ(routed("/page/main.js")->page, "main.js");
  EXPECT_EQ(routed("/page/main.js")->resource, Resource::Page);
  EXPECT_EQ(routed("/page/../x")->page, "../x");  // a name that no file of the page has
  EXPECT_EQ(refused("/page/main.js?x"), ErrorCode::Usage);
}

TEST(Route, TakesTheParametersOfEach) {
  EXPECT_EQ(routed("/api/tasks?only=failed&limit=20")->limit, 20U);
  EXPECT_EQ(routed("/api/tasks?only=failed&limit=20")->only, "failed");
  EXPECT_EQ(routed("/api/tasks/t?at=-5m")->at, "-5m");
  const auto why = routed("/api/tasks/t/why?process=p&run=3&at=10%3A00");
  EXPECT_EQ(why->process, "p");
  EXPECT_EQ(why->asked_run, 3U);
  EXPECT_EQ(why->at, "10:00");
  const auto log = routed("/api/tasks/t/processes/p/runs/0/stdout?follow&from=4096");
  EXPECT_TRUE(log->follow);
  EXPECT_EQ(log->from, 4096U);
  EXPECT_EQ(routed("/events?since=ab-7")->since, "ab-7");
}

TEST(Route, IsNotFoundForWhatIsNone) {
  for (const char* target :
       {"", "api/tasks", "/api", "/api/", "/tasks", "/api/task", "/api/tasks/t/log",
        "/api/tasks/t/graph/x", "/api/tasks/t/processes/p/runs",
        "/api/tasks/t/processes/p/runs/0/other", "/api/tasks/t/processes/p/runs/0/stdout/x",
        "/events/", "//events", "/Events", "http://127.0.0.1/events", "*"}) {
    EXPECT_EQ(refused(target), ErrorCode::NotFound) << target;
  }
}

TEST(Route, RefusesNamesThatCanBeNone) {
  for (const char* target :
       {"/api/tasks/", "/api/tasks/.hidden", "/api/tasks/..", "/api/tasks/a%2Fb", "/api/tasks/%00",
        "/api/tasks/%", "/api/tasks/%4", "/api/tasks/%zz", "/api/tasks//graph",
        "/api/tasks/t/processes/a%2Fb/runs/0/stdout", "/api/tasks/t/processes/../runs/0/stdout",
        "/api/tasks/t/processes/p/runs/-1/stdout", "/api/tasks/t/processes/p/runs//stdout",
        "/api/tasks/t/processes/p/runs/4294967296/stdout",
        "/api/tasks/t/processes/p/runs/0x1/stdout"}) {
    EXPECT_EQ(refused(target), ErrorCode::Usage) << target;
  }
}

TEST(Route, LeadsNowhereOutOfTheSandbox) {
  for (const char* target :
       {"/api/tasks/t/files/..", "/api/tasks/t/files/../x", "/api/tasks/t/files/a/../../x",
        "/api/tasks/t/files/%2e%2e/x", "/api/tasks/t/files/%2E./x", "/api/tasks/t/files/.",
        "/api/tasks/t/files/a%2Fb", "/api/tasks/t/files/%2Fetc/passwd", "/api/tasks/t/files//etc",
        "/api/tasks/t/files/a//b", "/api/tasks/t/files/a%00"}) {
    EXPECT_EQ(refused(target), ErrorCode::Usage) << target;
  }
  std::string deep = "/api/tasks/t/files";
  for (int i = 0; i < 300; ++i) deep += "/d";
  EXPECT_EQ(refused(deep), ErrorCode::Usage);
  EXPECT_EQ(refused("/api/tasks/t/files/" + std::string(256, 'x')), ErrorCode::Usage);
}

TEST(Route, RefusesParametersThatMeanNothing) {
  for (const char* target :
       {"/api/tasks?at=1", "/api/tasks?only=all", "/api/tasks?limit=-1",
        "/api/tasks?limit=", "/api/tasks?a=1&a=2", "/events?follow", "/api/tasks/t/graph?at=1",
        "/api/tasks/t/why?run=1", "/api/tasks/t/why?process=%2F", "/api/tasks?only=%",
        "/api/tasks/t/processes/p/runs/0/stdout?from=1",
        "/api/tasks/t/processes/p/runs/0/stdout?follow=yes",
        "/api/tasks/t/processes/p/runs/0/stdout?after=1",
        "/api/tasks/t/processes/p/runs/0/resources?follow",
        "/api/tasks/t/processes/p/runs/0/resources?after=-1",
        "/api/tasks/t/processes/p/runs/0/resources?after=nan",
        "/api/tasks/t/processes/p/runs/0/resources?after=1e300",
        "/api/tasks/t/processes/p/runs/0/stdout?follow&from=99999999999999999999"}) {
    EXPECT_EQ(refused(target), ErrorCode::Usage) << target;
  }
  std::string many = "/api/tasks?x0=1";
  for (int i = 1; i < 20; ++i) many += "&x" + std::to_string(i) + "=1";
  EXPECT_EQ(refused(many), ErrorCode::Usage);
}

TEST(Route, PrintsWhatWasAskedForAsOneLine) {
  const Result<Route> found = routed("/\x1b[2J\n<script>");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message.find('\n'), std::string::npos);
  EXPECT_EQ(found.error().message.find('\x1b'), std::string::npos);
}

TEST(Query, IsDecoded) {
  EXPECT_EQ(*parse_query(""), Parameters());
  EXPECT_EQ(*parse_query("&&a=b%3D&c&"), (Parameters{{"a", "b="}, {"c", ""}}));
  EXPECT_EQ(*parse_query("a=b=c"), (Parameters{{"a", "b=c"}}));
}

}  // namespace
}  // namespace thermos::observe
