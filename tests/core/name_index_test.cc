#include "core/base/name_index.h"

#include <gtest/gtest.h>

#include <string>
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

}  // namespace
}  // namespace thermos
