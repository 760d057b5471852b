// SPDX-License-Identifier: Apache-2.0
#include "control/policy_files.h"

#include "../store/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace sluice::control {
namespace {

using testing::HasSubstr;

class PolicyFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    std::ofstream{dir.file(name)} << text;
    ::chmod(dir.file(name).c_str(), mode);
  }
  test::TempDir dir;
};

TEST_F(PolicyFiles, AreReadInTheOrderOfTheirNamesAndNothingElseIs) {
  write("b.yaml", "2");
  write("a.yml", "1");
  write("c.txt", "x");
  write(".a.yaml.swp", "x");
  write(".d.yaml", "x");
  const auto files = read_policy_files(dir.path(), true);
  ASSERT_TRUE(files.ok()) << files.error().text();
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].name, dir.file("a.yml"));
  EXPECT_EQ((*files)[0].text, "1");
  EXPECT_EQ((*files)[1].text, "2");
}

TEST_F(PolicyFiles, AFileThatOthersCanWriteToIsNotTrusted) {
  write("a.yaml", "1", 0666);
  const auto files = read_policy_files(dir.path(), true);
  ASSERT_FALSE(files.ok());
  EXPECT_THAT(files.error().text(), HasSubstr("chmod go-w"));
  EXPECT_TRUE(read_policy_files(dir.path(), false).ok());
}

TEST_F(PolicyFiles, NorADirectoryThatOthersCanWriteTo) {
  write("a.yaml", "1");
  ::chmod(dir.path().c_str(), 0777);
  EXPECT_FALSE(read_policy_files(dir.path(), true).ok());
}

TEST_F(PolicyFiles, NoFileNoDirectoryAndAFifoAreErrorsThatSayWhere) {
  const auto none = read_policy_files(dir.path(), false);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().text(), HasSubstr("no *.yaml file"));
  const auto missing = read_policy_files(dir.file("missing"), false);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().text(), HasSubstr(dir.file("missing")));
  ASSERT_EQ(::mkfifo(dir.file("x.yaml").c_str(), 0600), 0);
  const auto fifo = read_policy_files(dir.path(), false);
  ASSERT_FALSE(fifo.ok());
  EXPECT_THAT(fifo.error().text(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace sluice::control
