// A request and its reply, as the rest of this folder sees them: nothing here knows the library
// that speaks HTTP.
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

#include "reactor/observe/guard.h"

namespace thermos::observe {

// Views are valid during the call that gets the request.
struct Request {
  std::string_view method;
  Credentials credentials;  // with the path and the query
  std::optional<std::string_view> range;
  std::optional<std::string_view> last_event_id;
  bool takes_gzip = false;
};

// What a reply says, given a piece at a time as its reader takes it. So a reply takes the same
// memory however long it is, and however slow its reader.
class Body {
 public:
  Body() = default;
  virtual ~Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  enum class Next : std::uint8_t {
    Bytes,   // as many as were written
    Wait,    // none yet: the callback of on_more() tells when to ask again
    End,     // there are no more
    Broken,  // there should be more, and they can't be had: the reader has to see that
  };
  struct Given {
    Next next = Next::End;
    std::size_t bytes = 0;
  };
  // Writes what comes next into `room`, which is not empty.
  virtual Given read(std::span<char> room) = 0;
  // How many there are in all; nothing: it is not known.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  // It lasts until its reader goes.
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

  // At once, or later on the loop. Once.
  virtual void reply(Reply reply) = 0;
  // Who asked is not there any more.
  virtual bool gone() const = 0;
};

using Ask = std::function<void(const Request&, const std::shared_ptr<Exchange>&)>;

}  // namespace thermos::observe
