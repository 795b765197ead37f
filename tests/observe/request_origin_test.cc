#include "reactor/observe/request_origin.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos::observe {
namespace {

using Kind = Verdict::Kind;

const Lock kOpen{};
const Lock kLocked{"0123456789abcdef", "thermos-observe-8000"};

Credentials from(std::string_view host) {
  Credentials credentials;
  credentials.host = host;
  credentials.path = "/api/tasks";
  return credentials;
}

TEST(Guard, LetsInWhoIsHere) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8000", "localhost", "LocalHost:1", "[::1]:8000"}) {
    EXPECT_EQ(judge(from(host), kOpen).kind, Kind::Enter) << host;
  }
}

// A name whose DNS answer is changed to 127.0.0.1 brings another site's page here (DNS rebinding).
TEST(Guard, RefusesOtherHosts) {
  for (const char* host :
       {"", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "127.0.0.1:8000.evil",
        "localhost.evil.example", "127.0.0.1@evil", "127.0.0.2", "0.0.0.0", "[::]",
        "127.0.0.1:123456", " 127.0.0.1", "127.0.0.1 "}) {
    const Verdict verdict = judge(from(host), kOpen);
    EXPECT_EQ(verdict.kind, Kind::Refuse) << host;
    EXPECT_FALSE(verdict.why.empty()) << host;
  }
  EXPECT_EQ(judge(Credentials(), kOpen).kind, Kind::Refuse);
}

TEST(Guard, RefusesWhatAnotherPageAsksFor) {
  for (const char* site : {"cross-site", "same-site", "", "SAME-ORIGIN"}) {
    Credentials other = from("127.0.0.1:8000");
    other.fetch_site = site;
    EXPECT_EQ(judge(other, kOpen).kind, Kind::Refuse) << site;
  }
  for (const char* origin :
       {"null", "", "http://evil.example", "https://127.0.0.1:8000", "http://127.0.0.1:8001",
        "http://127.0.0.1:80001", "http://127.0.0.1", "http://localhost:8000"}) {
    Credentials other = from("127.0.0.1:8000");
    other.origin = origin;
    EXPECT_EQ(judge(other, kOpen).kind, Kind::Refuse) << origin;
  }
  Credentials own = from("127.0.0.1:8000");
  own.origin = "http://127.0.0.1:8000";
  own.fetch_site = "same-origin";
  EXPECT_EQ(judge(own, kOpen).kind, Kind::Enter);
  own.fetch_site = "none";
  EXPECT_EQ(judge(own, kOpen).kind, Kind::Enter);
}

TEST(Guard, AsksForTheToken) {
  Credentials credentials = from("127.0.0.1:8000");
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Unknown);
  credentials.cookie = "a=b; thermos-observe-8000=0123456789abcdef; c=d";
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Enter);
  for (const char* cookie :
       {"thermos-observe-8000=0123456789abcdeX", "thermos-observe-8000=0123456789abcde",
        "thermos-observe-8000=", "thermos-observe-8001=0123456789abcdef", "0123456789abcdef", "",
        "thermos-observe-8000=0123456789abcdef0", "x=thermos-observe-8000=0123456789abcdef"}) {
    credentials.cookie = cookie;
    EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Unknown) << cookie;
  }
  credentials.cookie.reset();
  credentials.authorization = "Bearer 0123456789abcdef";
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Enter);
  for (const char* word : {"Bearer x", "Basic 0123456789abcdef", "0123456789abcdef", ""}) {
    credentials.authorization = word;
    EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Unknown) << word;
  }
}

TEST(Guard, ExchangesTheTokenForTheCookie) {
  Credentials credentials = from("127.0.0.1:8000");
  credentials.query = "only=failed&token=0123456789abcdef&limit=3";
  Verdict verdict = judge(credentials, kLocked);
  EXPECT_EQ(verdict.kind, Kind::Exchange);
  EXPECT_EQ(verdict.location, "/api/tasks?only=failed&limit=3");
  credentials.query = "token=0123456789abcdef";
  verdict = judge(credentials, kLocked);
  EXPECT_EQ(verdict.kind, Kind::Exchange);
  EXPECT_EQ(verdict.location, "/api/tasks");
  credentials.query = "token=0123456789abcdeX";
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Unknown);
  credentials.query = "token=";
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Unknown);
}

TEST(Guard, LeadsNobodyElsewhere) {
  for (const char* path : {"//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x", "evil"}) {
    Credentials credentials = from("127.0.0.1:8000");
    credentials.path = path;
    credentials.query = "token=0123456789abcdef";
    const Verdict verdict = judge(credentials, kLocked);
    EXPECT_EQ(verdict.kind, Kind::Exchange) << path;
    EXPECT_EQ(verdict.location, "/") << path;
  }
}

// Not even with the token: it is checked last.
TEST(Guard, LetsNoOtherPageExchangeATokenThatItGuesses) {
  Credentials credentials = from("127.0.0.1:8000");
  credentials.query = "token=0123456789abcdef";
  credentials.fetch_site = "cross-site";
  EXPECT_EQ(judge(credentials, kLocked).kind, Kind::Refuse);
}

TEST(Guard, ComparesSecrets) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
  EXPECT_FALSE(same_secret("", "a"));
}

}  // namespace
}  // namespace thermos::observe
