// A sequence in blocks: the same as a vector at every length, and its elements stay where they are.
#include "core/base/series.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thermos {
namespace {

constexpr std::size_t kLong = 500;  // beyond the blocks that double

Series<std::string> series_of(std::size_t from, std::size_t to) {
  Series<std::string> series;
  for (std::size_t i = from; i < to; ++i) series.emplace_back() = std::to_string(i);
  return series;
}

void expect_holds(const Series<std::string>& series, std::size_t from, std::size_t to) {
  ASSERT_EQ(series.size(), to - from);
  ASSERT_EQ(series.empty(), from == to);
  std::vector<std::string> wanted;
  for (std::size_t i = from; i < to; ++i) wanted.push_back(std::to_string(i));
  for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(series[i], wanted[i]);
  EXPECT_EQ(std::vector<std::string>(series.begin(), series.end()), wanted);
  EXPECT_EQ(std::vector<std::string>(series.rbegin(), series.rend()),
            std::vector<std::string>(wanted.rbegin(), wanted.rend()));
  if (wanted.empty()) return;
  EXPECT_EQ(series.front(), wanted.front());
  EXPECT_EQ(series.back(), wanted.back());
}

TEST(Series, HoldsWhatAVectorWouldAtEveryLength) {
  for (std::size_t size = 0; size < kLong; ++size) expect_holds(series_of(0, size), 0, size);
}

TEST(Series, MovesNothingAsItGrows) {
  Series<std::string> series;
  std::vector<const std::string*> places;
  for (std::size_t i = 0; i < kLong; ++i) places.push_back(&series.emplace_back());
  for (std::size_t i = 0; i < kLong; ++i) EXPECT_EQ(&series[i], places[i]);
}

TEST(Series, ACopyGoesOnGrowing) {
  for (const std::size_t size : {0, 1, 3, 4, 126, 127, 128, 200}) {
    Series<std::string> copy = series_of(0, size);
    const Series<std::string> original = copy;
    EXPECT_EQ(copy, original);
    for (std::size_t i = size; i < size + 100; ++i) copy.emplace_back() = std::to_string(i);
    expect_holds(copy, 0, size + 100);
    expect_holds(original, 0, size);
    EXPECT_NE(copy, original);
  }
}

TEST(Series, KeepsTheLastAndIsAsIfItHeldNoMore) {
  for (const std::size_t keep : {1, 2, 100, 127, 300}) {
    Series<std::string> series = series_of(0, kLong);
    series.keep_last(keep);
    expect_holds(series, kLong - keep, kLong);
    EXPECT_EQ(series, series_of(kLong - keep, kLong));
    series.keep_last(keep);
    expect_holds(series, kLong - keep, kLong);
  }
}

}  // namespace
}  // namespace thermos
