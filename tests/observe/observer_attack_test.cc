// What strangers, other pages and slow readers do to `thermos observe`.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "observing.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

using real::process;
using real::task;

class ObserverAttack : public ::testing::Test {
 protected:
  ObserverAttack() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  real::Site site;
};

Response ask_port(const Observing& observing, const std::string& target, const Headers& headers,
                  const std::string& method = "GET") {
  Connection connection(observing.port());
  connection.ask(target, headers, method);
  return connection.response(method != "HEAD");
}

TEST_F(ObserverAttack, ATokenOpensThePortOnce) {
  Observing observing(site, "127.0.0.1:0");
  const std::string host = "127.0.0.1:" + std::to_string(observing.port());
  EXPECT_EQ(observing.url(), "http://" + host + "/?token=" + observing.token());
  EXPECT_EQ(observing.token().size(), 32U);
  const Headers own = {{"Host", host}};
  EXPECT_EQ(ask_port(observing, "/api/tasks", own).status, 401);
  EXPECT_EQ(ask_port(observing, "/api/tasks?token=0", own).status, 401);

  const Response exchanged =
      ask_port(observing, "/api/tasks?only=failed&token=" + observing.token(), own);
  EXPECT_EQ(exchanged.status, 303);
  EXPECT_EQ(exchanged.headers.at("location"), "/api/tasks?only=failed");
  const std::string cookie = exchanged.headers.at("set-cookie");
  EXPECT_NE(cookie.find("; HttpOnly"), std::string::npos) << cookie;
  EXPECT_NE(cookie.find("; SameSite=Strict"), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find("Domain"), std::string::npos) << cookie;
  Headers kept = own;
  kept.emplace_back("Cookie", cookie.substr(0, cookie.find(';')));
  EXPECT_EQ(ask_port(observing, "/api/tasks", kept).status, 200);
  kept.back().second += "0";
  EXPECT_EQ(ask_port(observing, "/api/tasks", kept).status, 401);
  Headers bearer = own;
  bearer.emplace_back("Authorization", "Bearer " + observing.token());
  EXPECT_EQ(ask_port(observing, "/api/tasks", bearer).status, 200);

  // Another one has another token.
  Observing other(site, "127.0.0.1:0");
  EXPECT_NE(other.token(), observing.token());
}

TEST_F(ObserverAttack, OtherPagesAreRefusedAtEveryDoor) {
  Observing observing(site, "127.0.0.1:0");
  Observing at_path(site);
  const std::string own = "127.0.0.1:" + std::to_string(observing.port());
  const std::vector<Headers> others = {
      {{"Host", "evil.example"}},
      {{"Host", "evil.example:" + std::to_string(observing.port())}},
      {{"Host", own}, {"Origin", "http://evil.example"}},
      {{"Host", own}, {"Origin", "null"}},
      {{"Host", own}, {"Sec-Fetch-Site", "cross-site"}},
      {{"Host", own}, {"Sec-Fetch-Site", "same-site"}}};
  for (Headers headers : others) {
    headers.emplace_back("Authorization", "Bearer " + observing.token());
    for (const char* target : {"/api/tasks", "/events", "/metrics", "/"}) {
      const Response refused = ask_port(observing, target, headers);
      EXPECT_EQ(refused.status, 403) << headers[0].second << " " << target;
      EXPECT_EQ(refused.headers.count("access-control-allow-origin"), 0U);
      EXPECT_EQ(at_path.get(target, headers).status, 403);
    }
  }
  // HTTP/1.0 needs no Host; we do.
  Connection old = at_path.connect();
  old.send("GET /api/tasks HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.response().status, 403);
}

TEST_F(ObserverAttack, EveryReplyTellsBrowsersToBeCareful) {
  site.run(task({process("p", "echo x")}), "t");
  Observing observing(site);
  for (const char* target : {"/api/tasks", "/", "/api/tasks/t/processes/p/runs/0/stdout",
                             "/api/tasks/t/files/", "/api/tasks/%zz", "/metrics"}) {
    const Response reply = observing.get(target);
    EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff") << target;
    EXPECT_EQ(reply.headers.at("referrer-policy"), "no-referrer") << target;
    const std::string policy = reply.headers.at("content-security-policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none';")) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
    EXPECT_EQ(reply.headers.count("access-control-allow-origin"), 0U) << target;
  }
}

TEST_F(ObserverAttack, OnlyLooksAreTaken) {
  Observing observing(site);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}) {
    const Response refused = observing.get("/api/tasks", {}, method);
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_EQ(refused.headers.at("allow"), "GET, HEAD");
  }
  Connection with_body = observing.connect();
  with_body.ask("/api/tasks", {{"Content-Length", "1000000000"}});
  EXPECT_EQ(with_body.response().status, 400);
  Connection chunked = observing.connect();
  chunked.ask("/api/tasks", {{"Transfer-Encoding", "chunked"}});
  EXPECT_EQ(chunked.response().status, 400);
  Connection uploading = observing.connect();
  uploading.ask("/api/tasks", {{"Content-Length", "1000000000"}}, "POST");
  EXPECT_EQ(uploading.response().status, 405);
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
}

TEST_F(ObserverAttack, MalformedRequestsEndTheirConnectionAlone) {
  Observing observing(site);
  const std::vector<std::string> bad = {
      "\r\n\r\n\r\n",
      "GET\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      std::string("\0\0\0\0", 4),
      "GET /api/tasks HTTP/9.9\r\nHost: localhost\r\n\r\n",
      "GET /api/tasks HTTP/1.1\r\n\r\n",
      "GET /api/tasks HTTP/1.1\r\nHost localhost\r\n\r\n",
      "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(1'000'000, 'a') + "\r\n\r\n",
      std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11)};
  std::string many = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 10'000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  for (const std::string& bytes : bad) {
    Connection connection = observing.connect();
    connection.send(bytes);
  }
  Connection full = observing.connect();
  full.send(many + "\r\n");
  const int status = full.response().status;
  EXPECT_TRUE(status == 0 || status >= 400) << status;
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
}

TEST_F(ObserverAttack, RequestsOnOneConnectionAreAnsweredInTheirOrder) {
  site.run(task({process("p", "true")}), "t");
  Observing observing(site);
  Connection connection = observing.connect();
  connection.ask("/api/tasks/none");
  connection.ask("/api/tasks/t/why");
  connection.ask("/metrics");
  EXPECT_EQ(connection.response().status, 404);
  EXPECT_EQ(connection.response().status, 200);
  EXPECT_EQ(connection.response().status, 200);
}

// They take all places; each new one takes that of the one that has waited longest.
TEST_F(ObserverAttack, HalfRequestsKeepNobodyOut) {
  Observing observing(site);
  const std::size_t before = observing.memory();
  std::vector<Connection> half;
  for (int i = 0; i < 2000; ++i) {
    half.push_back(observing.connect());
    ASSERT_TRUE(half.back().connected()) << i;
    half.back().send("GET /api/tasks HTTP/1.1\r\nHost: local");
    if (i % 200 != 0) continue;
    EXPECT_EQ(observing.get("/api/tasks").status, 200) << i;
  }
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
  EXPECT_LE(observing.descriptors(), 600U);
  EXPECT_LE(observing.memory(), before + (std::size_t{64} << 20));
  EXPECT_TRUE(half.front().closes());
}

TEST_F(ObserverAttack, StreamsHaveALimitAndOthersARest) {
  Observing observing(site);
  std::vector<Connection> streams;
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    streams.push_back(observing.connect());
    streams.back().ask("/events");
    const Response head = streams.back().head();
    if (head.status == 200) continue;
    ++refused;
    EXPECT_EQ(head.status, 503);
    EXPECT_EQ(head.headers.count("retry-after"), 1U);
    streams.pop_back();
  }
  EXPECT_EQ(refused, 300 - 256);
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
  // A stream whose reader goes makes room, also while nothing happens.
  streams.clear();
  for (int i = 0; i < 1000 && observing.descriptors() > 100; ++i) observing.get("/api/tasks");
  EXPECT_LE(observing.descriptors(), 100U);
  Connection again = observing.connect();
  again.ask("/events");
  EXPECT_EQ(again.head().status, 200);
}

// Nobody is dropped who is being answered.
TEST_F(ObserverAttack, WhenAllAreBusyOneMoreIsToldSo) {
  site.run(task({process("p", "truncate -s 1G /proc/self/fd/1")}), "t");
  Observing observing(site);
  std::vector<Connection> busy;
  for (int i = 0; i < 512; ++i) {
    busy.push_back(observing.connect());
    busy.back().ask(i % 2 == 0 ? "/events" : "/api/tasks/t/processes/p/runs/0/stdout");
    ASSERT_EQ(busy.back().head().status, 200) << i;
  }
  const Response refused = observing.get("/api/tasks");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_FALSE(refused.body.empty());
  // A place that becomes free is the next one's.
  busy.pop_back();
  int status = 503;
  for (int i = 0; i < 1000 && status == 503; ++i) status = observing.get("/api/tasks").status;
  EXPECT_EQ(status, 200);
}

// Also while it goes on a byte at a time.
TEST_F(ObserverAttack, AHalfRequestHasItsTime) {
  Observing observing(site);
  Connection half = observing.connect();
  half.send("GET /api/tasks HTTP/1.1\r\nHost: ");
  while (!half.readable_within(500)) half.send("l");
  EXPECT_TRUE(half.closes());
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
}

TEST_F(ObserverAttack, AnIdleStreamWakesNobody) {
  Observing observing(site);
  Connection stream = observing.connect();
  stream.ask("/events");
  EXPECT_EQ(stream.head().status, 200);
  stream.read_until("\n\n");
  // What it still does is over when it has answered once more.
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
  EXPECT_FALSE(stream.readable_within(200));
  const std::uint64_t before = observing.sleeps();
  EXPECT_FALSE(stream.readable_within(1000));
  EXPECT_EQ(observing.sleeps(), before);
}

TEST_F(ObserverAttack, AHugeLogTakesNoMemoryHoweverSlowItsReader) {
  site.run(task({process("p", "truncate -s 1G /proc/self/fd/1")}), "t");
  Observing observing(site);
  const std::string path = "/api/tasks/t/processes/p/runs/0/stdout";
  EXPECT_EQ(observing.get(path, {}, "HEAD").headers.at("content-length"), "1073741824");
  EXPECT_EQ(observing.get(path, {{"Range", "bytes=-10"}}).body, std::string(10, '\0'));
  std::string ranges = "bytes=0-";
  for (int i = 0; i < 1000; ++i) ranges += ",0-";
  std::vector<Connection> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(observing.connect());
    readers.back().ask(path, {{"Range", ranges}});
    EXPECT_EQ(readers.back().head().status, 200);
    readers.back().read_some(1 << 20);
  }
  EXPECT_EQ(observing.get("/api/tasks").status, 200);
#ifndef __SANITIZE_ADDRESS__  // which keeps what is freed
  EXPECT_LE(observing.memory(), std::uint64_t{96} << 20);
#endif
}

}  // namespace
}  // namespace thermos::observe
