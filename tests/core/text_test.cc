#include "core/base/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace thermos {
namespace {

TEST(Text, QuotesInOneLine) {
  EXPECT_EQ(quoted("a b"), "'a b'");
  EXPECT_EQ(quoted("a\n\t\r\x1b\x7f\xff"), "'a\\n\\t\\r\\x1b\\x7f\\xff'");
  EXPECT_EQ(quoted("größe"), "'größe'");
  EXPECT_EQ(quoted("abcdef", 3), "'abc...'");
  // Not through the middle of a character.
  EXPECT_EQ(quoted("aéb", 2), "'a...'");
}

// The same by the book, without a limit or a band.
std::size_t plain_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

TEST(Text, CountsEditsUpToALimit) {
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string a(random() % 9, ' ');
    std::string b(random() % 9, ' ');
    for (char& c : a) c = static_cast<char>('a' + random() % 3);
    for (char& c : b) c = static_cast<char>('a' + random() % 3);
    const std::size_t limit = random() % 6;
    EXPECT_EQ(edit_distance(a, b, limit), std::min(plain_distance(a, b), limit + 1))
        << a << " " << b << " " << limit;
  }
}

std::string hint(std::string_view wanted) {
  NearestWord nearest(wanted);
  for (const char* known : {"name", "cmdline", "max_failures", "user"}) nearest.offer(known);
  return nearest.hint();
}

TEST(Text, OffersTheNearestWordOrNone) {
  EXPECT_EQ(hint("cmdlin"), ", did you mean 'cmdline'?");
  EXPECT_EQ(hint("nmae"), ", did you mean 'name'?");
  EXPECT_EQ(hint("usr"), ", did you mean 'user'?");
  EXPECT_EQ(hint("maxfailure"), ", did you mean 'max_failures'?");
  EXPECT_EQ(hint("x"), "");
  EXPECT_EQ(hint("entirely"), "");
  EXPECT_EQ(hint(""), "");
}

}  // namespace
}  // namespace thermos
