#include "reactor/observe/request_origin.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace thermos::observe {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kTokenParameter = "token=";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// Removes the front of `text` up to the next `separator`, and returns it without the separator.
std::string_view take_one(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view one = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return one;
}

std::optional<std::string_view> token_in_cookies(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    std::string_view one = take_one(cookies, ';');
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (take_one(one, '=') == name) return one;
  }
  return std::nullopt;
}

struct SplitQuery {
  std::optional<std::string_view> token;
  std::string rest;
};

SplitQuery without_token(std::string_view query) {
  SplitQuery split;
  while (!query.empty()) {
    const std::string_view one = take_one(query, '&');
    if (one.starts_with(kTokenParameter) && !split.token) {
      split.token = one.substr(kTokenParameter.size());
      continue;
    }
    if (one.empty()) continue;
    if (!split.rest.empty()) split.rest += '&';
    split.rest += one;
  }
  return split;
}

Verdict refuse(std::string why) {
  return {Verdict::Kind::Refuse, std::move(why), {}};
}

// A browser takes a target that begins with two slashes, or with a slash and a backslash, for a URL
// of another host.
bool stays_here(std::string_view path) {
  if (!path.starts_with('/')) return false;
  if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return false;
  return std::none_of(path.begin(), path.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; });
}

Verdict judge_token(const Credentials& credentials, const Lock& lock) {
  const SplitQuery split = without_token(credentials.query);
  if (split.token && same_secret(*split.token, lock.token)) {
    const bool safe = stays_here(credentials.path) && stays_here("/" + split.rest);
    std::string location(safe ? credentials.path : "/");
    if (safe && !split.rest.empty()) location += "?" + split.rest;
    return {Verdict::Kind::Exchange, {}, std::move(location)};
  }
  if (credentials.authorization && credentials.authorization->starts_with(kBearer) &&
      same_secret(credentials.authorization->substr(kBearer.size()), lock.token)) {
    return {};
  }
  if (credentials.cookie) {
    const auto kept = token_in_cookies(*credentials.cookie, lock.cookie);
    if (kept && same_secret(*kept, lock.token)) return {};
  }
  return {Verdict::Kind::Unknown,
          "open the URL that `thermos observe` printed: it has the token that this needs",
          {}};
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  // The length is not secret.
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

bool is_loopback_host(std::string_view host) {
  constexpr std::array<std::string_view, 3> kNames = {"127.0.0.1", "localhost", "[::1]"};
  for (const std::string_view name : kNames) {
    if (host.size() < name.size() || !same_word(host.substr(0, name.size()), name)) continue;
    std::string_view port = host.substr(name.size());
    if (port.empty()) return true;
    if (port.front() != ':') continue;
    port.remove_prefix(1);
    if (port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return true;
    }
  }
  return false;
}

Verdict judge(const Credentials& credentials, const Lock& lock) {
  if (!credentials.host || !is_loopback_host(*credentials.host)) {
    return refuse("the Host is none of this machine's own: use 127.0.0.1 or localhost");
  }
  if (credentials.fetch_site && *credentials.fetch_site != "same-origin" &&
      *credentials.fetch_site != "none") {
    return refuse("another page asked for this (Sec-Fetch-Site); open the URL yourself");
  }
  if (credentials.origin) {
    std::string_view origin = *credentials.origin;
    const bool ours =
        origin.starts_with(kScheme) && same_word(origin.substr(kScheme.size()), *credentials.host);
    if (!ours) return refuse("another page asked for this (Origin); open the URL yourself");
  }
  if (lock.token.empty()) return {};
  return judge_token(credentials, lock);
}

}  // namespace thermos::observe
