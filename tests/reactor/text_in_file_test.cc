#include "reactor/os/text_in_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "task_run.h"

namespace thermos {
namespace {

class TextInFileTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text) const {
    std::ofstream(path()) << text;
    return path();
  }
  std::string path() const { return site_.path() + "/file"; }

  real::Site site_;
};

TEST_F(TextInFileTest, IsTheSameToItsEnd) {
  const std::string large(300'000, 'x');
  TextInFile file(write("one two" + large));
  EXPECT_TRUE(file.goes_on_with("one"));
  EXPECT_TRUE(file.goes_on_with(" two"));
  EXPECT_TRUE(file.goes_on_with(large));
  EXPECT_TRUE(file.goes_on_with({}));
}

TEST_F(TextInFileTest, Differs) {
  write("one two");
  EXPECT_FALSE(TextInFile(path()).goes_on_with("on3"));
  EXPECT_FALSE(TextInFile(path()).goes_on_with("one two three"));
  TextInFile longer(path());
  EXPECT_TRUE(longer.goes_on_with("one"));
  EXPECT_FALSE(longer.goes_on_with({}));
}

TEST_F(TextInFileTest, WhatCanNotBeReadIsNotTheSame) {
  EXPECT_FALSE(TextInFile(path()).goes_on_with("x"));
  EXPECT_FALSE(TextInFile(path()).goes_on_with({}));
  EXPECT_FALSE(TextInFile(site_.path()).goes_on_with({}));  // a directory
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(TextInFile(path()).goes_on_with("x"));
}

}  // namespace
}  // namespace thermos
