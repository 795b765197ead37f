#include "reactor/observe/reply_bodies.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace thermos::observe {
namespace {

using Next = Body::Next;

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

// Reads until the body has nothing more to give, `size` bytes at a time.
std::string read_on(Body& body, std::size_t size, Next& last) {
  std::string text;
  std::vector<char> room(size);
  for (;;) {
    const Body::Given given = body.read(room);
    last = given.next;
    if (given.next != Next::Bytes) return text;
    EXPECT_GT(given.bytes, 0U);
    EXPECT_LE(given.bytes, size);
    text.append(room.data(), given.bytes);
  }
}

std::string whole(const std::unique_ptr<Body>& body, std::size_t size) {
  Next last = Next::Wait;
  std::string text = read_on(*body, size, last);
  EXPECT_EQ(last, Next::End);
  return text;
}

RootMirror::Rows rows_of(int count) {
  auto rows = std::make_shared<std::vector<RootMirror::Row>>();
  for (int i = 0; i < count; ++i) {
    RootMirror::Row row;
    row.failed = i % 2 == 1;
    row.text = std::make_shared<const std::string>("{\"n\":" + std::to_string(i) + "}");
    rows->push_back(std::move(row));
  }
  return rows;
}

TEST(RowsBody, IsTheSameHoweverItIsRead) {
  const auto all = [](const RootMirror::Row&) { return true; };
  for (const std::size_t size : {1U, 2U, 7U, 1000U}) {
    EXPECT_EQ(whole(rows_body("e-1", rows_of(0), all, kAll), size),
              "{\"position\":\"e-1\",\"tasks\":[]}\n");
    EXPECT_EQ(whole(rows_body("e-1", rows_of(1), all, kAll), size),
              "{\"position\":\"e-1\",\"tasks\":[{\"n\":0}]}\n");
    EXPECT_EQ(whole(rows_body("e-1", rows_of(3), all, kAll), size),
              "{\"position\":\"e-1\",\"tasks\":[{\"n\":0},{\"n\":1},{\"n\":2}]}\n");
  }
}

TEST(RowsBody, HasThoseThatAreWanted) {
  const auto failed = [](const RootMirror::Row& row) { return row.failed; };
  EXPECT_EQ(whole(rows_body("e-1", rows_of(6), failed, kAll), 5),
            "{\"position\":\"e-1\",\"tasks\":[{\"n\":1},{\"n\":3},{\"n\":5}]}\n");
  EXPECT_EQ(whole(rows_body("e-1", rows_of(6), failed, 2), 5),
            "{\"position\":\"e-1\",\"tasks\":[{\"n\":1},{\"n\":3}]}\n");
  EXPECT_EQ(whole(rows_body("e-1", rows_of(6), failed, 0), 5),
            "{\"position\":\"e-1\",\"tasks\":[]}\n");
}

TEST(EventsBody, WaitsForTheNext) {
  EventRing ring("e", 1000);
  ring.add("task", "1");
  const auto body = events_body(ring, 0, "first\n\n");
  int told = 0;
  body->on_more([&] { ++told; });
  Next last = Next::End;
  EXPECT_EQ(read_on(*body, 3, last), "first\n\n" + *ring.text(1));
  EXPECT_EQ(last, Next::Wait);
  EXPECT_TRUE(body->is_stream());
  ring.add("task", "2");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(read_on(*body, 100, last), *ring.text(2));
}

TEST(EventsBody, SaysSoToWhoReadsTooSlowly) {
  EventRing ring("e", 100);
  const auto body = events_body(ring, 0, "");
  ring.add("task", "1");
  std::array<char, 4> little{};
  EXPECT_EQ(body->read(little).next, Next::Bytes);
  for (int i = 2; i < 100; ++i) ring.add("task", std::to_string(i));
  Next last = Next::End;
  const std::string rest = read_on(*body, 64, last);
  EXPECT_EQ(last, Next::Wait);
  // The event that was begun is ended first.
  EXPECT_EQ(
      rest,
      "t: task\nid: e-1\ndata: 1\n\nevent: reset\nid: e-99\ndata: {\"position\":\"e-99\"}\n\n");
  ring.add("task", "100");
  EXPECT_EQ(read_on(*body, 64, last), *ring.text(100));
}

TEST(EventsBody, HearsNothingMoreWhenItIsGone) {
  EventRing ring("e", 1000);
  int told = 0;
  {
    const auto body = events_body(ring, 0, "");
    body->on_more([&] { ++told; });
  }
  ring.add("task", "1");
  EXPECT_EQ(told, 0);
}

TEST(FileBody, GivesAPart) {
  std::array<char, 32> name{"/tmp/bodies-test-XXXXXX"};
  const int fd = ::mkstemp(name.data());
  ASSERT_GE(fd, 0);
  ::unlink(name.data());
  ASSERT_EQ(::write(fd, "0123456789", 10), 10);
  const auto body_of = [fd](std::uint64_t first, std::uint64_t length) {
    return file_body(Descriptor(::dup(fd)), first, length);
  };
  EXPECT_EQ(whole(body_of(0, 10), 3), "0123456789");
  EXPECT_EQ(whole(body_of(7, 2), 3), "78");
  EXPECT_EQ(whole(body_of(3, 0), 3), "");
  EXPECT_EQ(body_of(7, 2)->size(), 2U);
  // One that becomes shorter is not ended as if that were all of it.
  Next last = Next::End;
  EXPECT_EQ(read_on(*body_of(8, 5), 3, last), "89");
  EXPECT_EQ(last, Next::Broken);
  ::close(fd);
}

TEST(TaskBody, IsTheJsonOfTheHistory) {
  History history;
  RunnerHeader header;
  header.task_id = "t";
  ASSERT_TRUE(history.apply(header).ok());
  const auto check = [&history] {
    const Json all = history_json(history);
    const auto copy = std::make_shared<const History>(history);
    for (const std::size_t size : {1U, 10U, 100'000U}) {
      const std::string text = whole(task_body(history_head_json(history), copy), size);
      // By its keys, in any order.
      EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(json_line(all))) << text;
    }
  };
  check();
  history.intern("done nothing yet");
  check();
  for (const char* name : {"p", "a \"quoted\" one", "not \xff utf-8", "q"}) {
    ProcessStatus status;
    status.process = name;
    ASSERT_TRUE(history.apply(status).ok());
    check();
  }
}

}  // namespace
}  // namespace thermos::observe
