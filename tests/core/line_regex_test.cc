// The expressions that `log` takes, beside those of the standard library where both know them.
#include "core/base/line_regex.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>

namespace thermos {
namespace {

bool found(std::string_view pattern, std::string_view line) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern << ": " << compiled.error().message;
  return compiled.ok() && compiled->found_in(line);
}

std::string fault(std::string_view pattern) {
  const auto compiled = Pattern::compile(pattern);
  return compiled.ok() ? "" : compiled.error().message;
}

TEST(Pattern, FindsWhatIsMeant) {
  EXPECT_TRUE(found("listening on port \\d+", "[main] listening on port 8080"));
  EXPECT_FALSE(found("listening on port \\d+$", "listening on port 80 soon"));
  EXPECT_TRUE(found("^ready$", "ready"));
  EXPECT_FALSE(found("^ready$", "already"));
  EXPECT_TRUE(found("", ""));
  EXPECT_TRUE(found("^$", ""));
  EXPECT_FALSE(found("^$", "x"));
  EXPECT_TRUE(found("(?i)READY to [a-c]", "is Ready To Bcc"));
  EXPECT_TRUE(found("a{2,3}b|^c(?:d|e)+?f", "cdedf"));
  EXPECT_TRUE(found("a{2}", "baab"));
  EXPECT_FALSE(found("a{3}", "baab"));
  EXPECT_TRUE(found("[]x]", "]"));
  EXPECT_TRUE(found("[^\\s]\\.", "a."));
  EXPECT_TRUE(found("\\[\\w+\\]\\t", "[ok]\t"));
  EXPECT_TRUE(found("größe", "die größe"));
  EXPECT_TRUE(found("(a*)*b", "aab"));
}

TEST(Pattern, SaysWhatIsWrong) {
  EXPECT_EQ(fault("a)"), "there is a ) without a (");
  EXPECT_EQ(fault("(a"), "there is a ( without a )");
  EXPECT_EQ(fault("[a"), "there is a [ without a ]");
  EXPECT_EQ(fault("*a"), "there is nothing before * to be repeated");
  EXPECT_EQ(fault("a|+"), "there is nothing before + to be repeated");
  EXPECT_EQ(fault("a\\"), "it ends in a \\");
  EXPECT_EQ(fault("\\1"), "\\1 is not known");
  EXPECT_EQ(fault("(?=a)"), "(? is followed by : alone, or by i) at the front");
  EXPECT_EQ(fault("a{"), "a { is not followed by numbers and }");
  EXPECT_EQ(fault("a{2,1}"), "the numbers in {} are too large, or in the wrong order");
  EXPECT_EQ(fault("[z-a]"), "a range in [] is in the wrong order");
  EXPECT_EQ(fault("^*"), "^ and $ can't be repeated");
  EXPECT_EQ(fault("((((a{1000}){1000}){1000}){1000}){1000}"), "it is too large");
  EXPECT_EQ(fault(std::string(1000, '(')), "its groups are too deep");
  EXPECT_EQ(fault("a" + std::string(4095, '+')), "it is too large");
  EXPECT_EQ(fault(std::string(4097, 'a')), "it is longer than 4096 bytes");
  EXPECT_EQ(fault("a" + std::string(300'000, '+')), "it is longer than 4096 bytes");
}

// What is repeated may be nothing at all, so many times a thousand times.
TEST(Pattern, RepeatsNothingAtOnce) {
  for (const char* nothing : {"()", "(|)", "a{0}", "(a{0}()){0,1}", "((){1000})"}) {
    std::string pattern = nothing;
    for (int i = 0; i < 20; ++i) pattern += "{1000}";
    EXPECT_TRUE(fault(pattern).empty() || fault(pattern) == "it is too large") << pattern;
  }
  EXPECT_TRUE(found("^(){1000}{1000}{1000}{1000}x$", "x"));
  EXPECT_FALSE(found("^(){1000}{1000}{1000}{1000}x$", "xx"));
  EXPECT_TRUE(found("^(b{0}a){3}$", "aaa"));
}

// With these the standard library tries every way to divide the line.
TEST(Pattern, TakesTimeInProportionToTheLine) {
  const std::string line(100'000, 'a');
  EXPECT_FALSE(found("(a+)+$x", line));
  EXPECT_FALSE(found("(a|aa)*b", line));
  EXPECT_FALSE(found("(.*)*(.*)*(.*)*b", line));
}

TEST(Pattern, AgreesWithTheStandardLibrary) {
  std::mt19937 random(7);
  const auto pick = [&random](std::string_view of) { return of[random() % of.size()]; };
  const auto some = [&](std::string_view of, std::size_t least) {
    std::string text;
    for (std::size_t n = least + random() % 4; n > 0; --n) text += pick(of);
    return text;
  };
  int compiled = 0;
  for (int i = 0; i < 20'000; ++i) {
    // Nothing is repeated that may be empty or that repeats: theirs would take too long.
    std::string pattern = some("aab.?|^$", 0) + "(" + some("ab.", 1) + "|" + some("ab.", 1) + ")";
    pattern += pick("*+? ");
    if (pattern.back() == ' ') pattern.pop_back();
    pattern += some("aab.?|^$", 0);
    const auto ours = Pattern::compile(pattern);
    std::regex theirs;
    try {
      theirs.assign(pattern);
    } catch (const std::regex_error&) {
      EXPECT_FALSE(ours.ok()) << pattern;
      continue;
    }
    if (!ours.ok()) continue;  // ^* and a++ are taken there
    ++compiled;
    for (int k = 0; k < 4; ++k) {
      std::string line;
      for (std::size_t n = random() % 7; n > 0; --n) line += pick("abc");
      EXPECT_EQ(ours->found_in(line), std::regex_search(line, theirs)) << pattern << " in " << line;
    }
  }
  EXPECT_GT(compiled, 1000);
}

}  // namespace
}  // namespace thermos
