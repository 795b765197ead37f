// A request as a stranger might send it to the observer, through all that decides about it: who may
// ask, what is asked for, and which bytes of it. By the first byte, the input is taken as a target,
// as headers, or as a position.
#include <cstdint>
#include <string>
#include <string_view>

#include "input.h"
#include "reactor/observe/byte_range.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/request_origin.h"
#include "reactor/observe/route.h"

namespace thermos::observe {
namespace {

void ask_for(std::string_view target) {
  const Target parts = split_target(target);
  const Result<Route> found = route(parts.path, parts.query);
  if (!found) {
    const Error& error = found.error();
    require(error.code == ErrorCode::NotFound || error.code == ErrorCode::Usage);
    require(!error.message.empty() && error.message.find('\n') == std::string::npos);
    return;
  }
  // No name leads out of its directory.
  const auto is_one_name = [](std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
  };
  for (const std::string& name : found->names) require(is_one_name(name));
  require(found->task.empty() || (is_one_name(found->task) && found->task.front() != '.'));
  require(found->process.empty() || is_one_name(found->process));
}

void come_in(std::string_view text) {
  const auto take = [&text] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  const Lock lock{"0123456789abcdef0123456789abcdef", "thermos-observe-8000"};
  Credentials credentials;
  credentials.host = take();
  const auto given = [&take] {
    const std::string_view line = take();
    return line.empty() ? std::nullopt : std::optional(line);
  };
  credentials.origin = given();
  credentials.fetch_site = given();
  credentials.cookie = given();
  credentials.authorization = given();
  credentials.path = take();
  credentials.query = take();
  const Verdict locked = judge(credentials, lock);
  // Nobody comes in without the token.
  const auto has_token = [&lock](std::string_view part) {
    return part.find(lock.token) != std::string_view::npos;
  };
  if (locked.kind == Verdict::Kind::Enter) {
    require(has_token(credentials.cookie.value_or("")) ||
            has_token(credentials.authorization.value_or("")));
  }
  if (locked.kind == Verdict::Kind::Exchange) {
    require(has_token(credentials.query));
    require(locked.location.starts_with('/') && !locked.location.starts_with("//"));
    require(locked.location.find_first_of("\r\n") == std::string::npos);
  }
  // Nor with another host's name, token or not.
  const Verdict open = judge(credentials, {});
  if (open.kind == Verdict::Kind::Enter) require(is_loopback_host(*credentials.host));
}

void read_at(std::string_view text, std::uint64_t size) {
  const ByteRange range = byte_range(text, size);
  if (range.kind == ByteRange::Kind::Part) {
    require(range.length > 0 && range.first < size && range.length <= size - range.first);
  }
  EventRing ring("ab", 300);
  for (int i = 0; i < 20; ++i) ring.add("task", "0123456789");
  if (const auto number = ring.behind(text)) {
    require(*number == ring.last() || ring.text(*number + 1) != nullptr);
  }
  static_cast<void>(parse_query(text));
}

}  // namespace
}  // namespace thermos::observe

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      thermos::observe::ask_for(text);
      break;
    case 1:
      thermos::observe::come_in(text);
      break;
    default:
      thermos::observe::read_at(text, std::uint64_t{data[0]} * data[0]);
      break;
  }
  return 0;
}
