#include "core/base/boxed.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos {
namespace {

TEST(Boxed, HoldsNothingOrAValueOfItsOwn) {
  Boxed<std::string> none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(none.value_or("other"), "other");

  Boxed<std::string> one(std::string("one"));
  Boxed<std::string> copy = one;
  copy->append("!");
  EXPECT_EQ(*one, "one");
  EXPECT_EQ(*copy, "one!");
  EXPECT_EQ(copy.value_or("other"), "one!");

  none = copy;
  EXPECT_EQ(*none, "one!");
  const Boxed<std::string>& self = none;
  none = self;
  EXPECT_EQ(*none, "one!");
  copy = Boxed<std::string>();
  EXPECT_FALSE(copy);
  none.emplace() = "two";
  EXPECT_EQ(*none, "two");
  none.reset();
  EXPECT_FALSE(none);
}

TEST(Boxed, ComparesByItsValue) {
  const Boxed<std::string> none;
  const Boxed<std::string> one(std::string("one"));
  EXPECT_TRUE(none == Boxed<std::string>());
  EXPECT_FALSE(none == one);
  EXPECT_FALSE(one == none);
  EXPECT_TRUE(one == Boxed<std::string>(std::string("one")));
  EXPECT_FALSE(one == Boxed<std::string>(std::string("two")));
}

}  // namespace
}  // namespace thermos
