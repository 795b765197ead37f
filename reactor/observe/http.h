// A request and its reply, as the rest of this folder sees them. Nothing here depends on the HTTP
// library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/observe/request_origin.h"

namespace thermos::observe {

// The views are valid during the call that receives the request.
struct Request {
  std::string_view method;
  Credentials credentials;  // with the path and the query
  std::optional<std::string_view> range;
  std::optional<std::string_view> last_event_id;
  bool takes_gzip = false;
};

// The body of a reply, produced piece by piece as the client takes it. So a reply takes the same
// memory however long it is, and however slow the client.
class Body {
 public:
  Body() = default;
  virtual ~Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  enum class Next : std::uint8_t {
    Bytes,   // Given::bytes were written
    Wait,    // no bytes yet; the callback of on_more() is called when there may be more
    End,     // the body is complete
    Broken,  // the rest can't be read; the connection is broken off, so that the client sees it
  };
  struct Given {
    Next next = Next::End;
    std::size_t bytes = 0;
  };
  // Writes the next bytes into `room`, which is not empty.
  virtual Given read(std::span<char> room) = 0;
  // The size of the whole body in bytes; nothing if it is unknown.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  // Whether the body may go on for as long as the client stays (events, a followed log).
  virtual bool is_stream() const { return false; }

  void on_more(std::function<void()> call) { more_ = std::move(call); }

 protected:
  void tell_more() const {
    if (more_) more_();
  }

 private:
  std::function<void()> more_;
};

std::unique_ptr<Body> text_body(std::string text);

struct Reply {
  unsigned status = 200;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::unique_ptr<Body> body;
};

// A request that waits for its reply.
class Exchange {
 public:
  Exchange() = default;
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Sends the reply. Called once, at once or later on the loop.
  virtual void reply(Reply reply) = 0;
  // Whether the client has gone, so that a reply would have no effect.
  virtual bool gone() const = 0;
};

using Ask = std::function<void(const Request&, const std::shared_ptr<Exchange>&)>;

}  // namespace thermos::observe
