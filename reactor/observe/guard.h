// Who may ask. A page of another site, or of another program of this machine, can make a browser
// send requests here; it can't make it lie about where they come from. Pure, so that a fuzzer can
// try all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thermos::observe {

// The headers that decide; each is nothing where the request has none.
struct Credentials {
  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> fetch_site;     // Sec-Fetch-Site
  std::optional<std::string_view> cookie;         // Cookie
  std::optional<std::string_view> authorization;  // "Bearer TOKEN"
  std::string_view path;
  std::string_view query;
};

struct Lock {
  std::string token;   // empty: the socket's mode is the lock
  std::string cookie;  // the name of the cookie that holds the token
};

struct Verdict {
  enum class Kind : std::uint8_t {
    Enter,
    Refuse,    // 403: `why`
    Unknown,   // 401: there is no token, or a wrong one
    Exchange,  // 303 to `location`, with the cookie: the token was in the URL
  };
  Kind kind = Kind::Enter;
  std::string why;
  std::string location;  // the target without the token
};

Verdict judge(const Credentials& credentials, const Lock& lock);

// Whether the two are the same, in a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b);

// Whether a Host names this machine's own loopback, with any port or none: behind a forwarded port
// (ssh -L) another one is seen. A name that somebody else's DNS leads here is no such name.
bool is_loopback_host(std::string_view host);

}  // namespace thermos::observe
