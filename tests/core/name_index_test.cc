#include "core/base/name_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thermos {
namespace {

TEST(NameIndex, FindsEachNameOfManyAndNoOther) {
  // Of every length, alike but for one byte at either end, and with bytes that are no text.
  std::vector<std::string> names = {"", std::string(1, '\0'), std::string(2, '\0'),
                                    std::string(9, '\0'), "\xff"};
  for (std::size_t length = 1; length < 40; ++length) {
    names.push_back(std::string(length, 'x'));
    names.push_back(std::string(length, 'x') + "a");
    names.push_back("a" + std::string(length, 'x'));
  }
  for (int i = 0; i < 20'000; ++i) names.push_back("process-" + std::to_string(i));
  NameIndex index;
  const auto name_of = [&](std::uint32_t i) -> const std::string& { return names[i]; };
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(index.find(names[i], name_of), std::nullopt) << names[i];
    index.add(names[i], i);
    ASSERT_EQ(index.find(names[i], name_of), i) << names[i];
  }
  for (std::uint32_t i = 0; i < names.size(); ++i) ASSERT_EQ(index.find(names[i], name_of), i);
  EXPECT_EQ(index.find("process-20000", name_of), std::nullopt);
  EXPECT_EQ(index.find(std::string(40, 'x'), name_of), std::nullopt);
}

TEST(NameIndex, AddsWhatItDoesNotFind) {
  const std::vector<std::string> names = {"a", "b", "a", "", "b", ""};
  const auto name_of = [&](std::uint32_t i) -> const std::string& { return names[i]; };
  NameIndex index;
  index.prefetch("a");
  std::vector<std::optional<std::uint32_t>> before;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    index.prefetch(names[i]);
    before.push_back(index.find_or_add(names[i], i, name_of));
  }
  EXPECT_EQ(before, (std::vector<std::optional<std::uint32_t>>{std::nullopt, std::nullopt, 0,
                                                               std::nullopt, 1, 3}));
}

TEST(NameIndex, FindsManyTogetherAsOneByOne) {
  std::vector<std::string> names;
  for (int i = 0; i < 1'000; ++i) names.push_back("process-" + std::to_string(i));
  const auto name_of = [&](std::uint32_t i) -> const std::string& { return names[i]; };
  const std::vector<std::string_view> asked(names.begin(), names.end());
  std::vector<std::optional<std::uint32_t>> found(names.size(), 7);
  NameIndex index;
  index.find_all(asked, name_of, found);  // in an empty one
  EXPECT_EQ(std::count(found.begin(), found.end(), std::nullopt), 1'000);
  for (std::uint32_t i = 0; i < names.size(); i += 3) index.add(names[i], i);
  for (const std::size_t count : {0, 1, 31, 32, 33, 64, 1'000}) {
    std::fill(found.begin(), found.end(), 7);
    index.find_all(std::span(asked).first(count), name_of, std::span(found).first(count));
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(found[i], i % 3 == 0 ? std::optional(i) : std::nullopt) << count;
    }
    EXPECT_TRUE(count == found.size() || found[count] == 7U);
  }
}

}  // namespace
}  // namespace thermos
