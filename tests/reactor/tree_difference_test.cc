// What two runs of a task made otherwise.
#include "reactor/crash/tree_difference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace thermos {
namespace {

namespace fs = std::filesystem;

class TreeDifference : public ::testing::Test {
 protected:
  TreeDifference() {
    std::string path = ::testing::TempDir() + "/tree-XXXXXX";
    root_ = ::mkdtemp(path.data());
    fs::create_directories(root_ / "a");
    fs::create_directories(root_ / "b");
  }
  ~TreeDifference() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  // Each as "path kind: text", in lines.
  std::string differences(const std::vector<std::string>& paths = {}) const {
    std::string lines;
    for (const FileDifference& one :
         compare_trees((root_ / "a").string(), (root_ / "b").string(), paths)) {
      lines += one.path + " " + std::string(name_of(one.kind)) + ": " + one.text + "\n";
    }
    return lines;
  }

  fs::path root_;
};

TEST_F(TreeDifference, OfTheSameIsNone) {
  for (const char* side : {"a", "b"}) {
    write(std::string(side) + "/d/file", "x\n");
    fs::create_symlink("file", root_ / side / "d/link");
    fs::create_directory(root_ / side / "empty");
  }
  EXPECT_EQ(differences(), "");
  EXPECT_EQ(count_files((root_ / "a").string(), {}), 2U);
}

TEST_F(TreeDifference, NamesTheFirstLineThatDiffers) {
  write("a/changed", "one\ntwo\nthree\n");
  write("b/changed", "one\n2\n3\n");
  write("a/longer", "one\n");
  write("b/longer", "one\ntwo\nthree\n");
  write("a/shorter", "one\ntwo");
  write("b/shorter", "one\n");
  write("a/unended", "one\n");
  write("b/unended", "one");
  EXPECT_EQ(differences(),
            "changed content: line 2: 'two' is now '2'\n"
            "longer content: line 2: 'two' is extra\n"
            "shorter content: line 2: 'two' is missing\n"
            "unended content: line 1: 'one\\n' is now 'one'\n");
}

TEST_F(TreeDifference, NamesWhatIsMissingOrExtraWithoutWhatLiesInIt) {
  write("a/gone/deep/file", "x");
  write("b/new/deep/file", "x");
  write("b/new-file", "x");
  EXPECT_EQ(differences(),
            "gone missing: a directory is missing\n"
            "new extra: a directory is extra\n"
            "new-file extra: a file is extra\n");
}

TEST_F(TreeDifference, TellsTypesAndLinksApart) {
  write("a/one", "x");
  write("b/one/file", "x");
  fs::create_symlink("here", root_ / "a/link");
  fs::create_symlink("there", root_ / "b/link");
  EXPECT_EQ(differences(),
            "link content: a link to 'here' is now one to 'there'\n"
            "one type: a file is now a directory\n");
}

// A link that leads out of it is not followed.
TEST_F(TreeDifference, StaysInside) {
  write("outside/file", "x");
  fs::create_directory_symlink(root_ / "outside", root_ / "a/out");
  fs::create_directory_symlink(root_ / "outside", root_ / "b/out");
  EXPECT_EQ(differences(), "");
  EXPECT_EQ(count_files((root_ / "a").string(), {}), 1U);
}

TEST_F(TreeDifference, LooksOnlyWhereItIsTold) {
  write("a/out/file", "x\n");
  write("b/out/file", "y\n");
  write("a/else", "x\n");
  write("a/result", "x\n");
  EXPECT_EQ(differences({"out", "result", "neither"}),
            "out/file content: line 1: 'x' is now 'y'\n"
            "result missing: a file is missing\n");
  EXPECT_EQ(differences({"out/"}), "out/file content: line 1: 'x' is now 'y'\n");
  EXPECT_EQ(differences({"neither"}), "");
  EXPECT_EQ(differences({"."}), differences());
}

}  // namespace
}  // namespace thermos
