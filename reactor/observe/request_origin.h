// Decides who may send requests. A page of another site, or of another program on this machine, can
// make a browser send requests here, but it can't make the browser send wrong headers about where
// they come from. Pure, so that a fuzzer can try all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thermos::observe {

// The headers and the target that judge() looks at. A header that the request does not have is
// nothing.
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
  std::string token;   // empty: only the socket's file mode protects it
  std::string cookie;  // the name of the cookie that holds the token
};

struct Verdict {
  enum class Kind : std::uint8_t {
    Enter,
    Refuse,    // 403: `why`
    Unknown,   // 401: no token, or a wrong one; `why`
    Exchange,  // 303 to `location`, with the cookie: the token was in the URL
  };
  Kind kind = Kind::Enter;
  std::string why;
  std::string location;  // the target without the token
};

Verdict judge(const Credentials& credentials, const Lock& lock);

// Whether `a` and `b` are equal, in a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b);

// Whether a Host header names this machine's own loopback address, with any port or none: through a
// forwarded port (ssh -L) the browser uses another port. A foreign DNS name that resolves to this
// machine (DNS rebinding) is not accepted.
bool is_loopback_host(std::string_view host);

}  // namespace thermos::observe
