#include "reactor/observe/http.h"

#include <algorithm>
#include <cstring>

namespace thermos::observe {
namespace {

class TextBody : public Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}

  Given read(std::span<char> room) override {
    const std::size_t count = std::min(room.size(), text_.size() - at_);
    if (count == 0) return {Next::End, 0};
    std::memcpy(room.data(), text_.data() + at_, count);
    at_ += count;
    return {Next::Bytes, count};
  }
  std::optional<std::uint64_t> size() const override { return text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<Body> text_body(std::string text) {
  return std::make_unique<TextBody>(std::move(text));
}

}  // namespace thermos::observe
