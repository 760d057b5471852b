// SPDX-License-Identifier: Apache-2.0
#include "keeper/secret_file.h"

#include <gtest/gtest.h>

#include "keeper/protocol.h"
#include "support.h"

namespace sluice::keeper {
namespace {

using test::TempDir;

class SecretFile : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "run as root: only root's secret files are read";
    auto files = SecretFiles::open({dir_.path()});
    ASSERT_TRUE(files.ok()) << files.error().text();
    files_.emplace(*std::move(files));
  }
  std::string error_of(const std::string& file) const {
    const auto secret = files_->read(file);
    return secret ? "" : secret.error().text();
  }
  bool mentions(const std::string& text, const std::string& part) const {
    return text.find(part) != std::string::npos;
  }

  TempDir dir_;
  TempDir outside_;
  std::optional<SecretFiles> files_;
};

TEST_F(SecretFile, IsReadAsItIs) {
  const std::string text("pass\nword\0\n", 11);
  const auto secret = files_->read(dir_.write("a", text, 0600));
  ASSERT_TRUE(secret.ok()) << secret.error().text();
  EXPECT_EQ(as_text(secret->for_wire()), text);
  EXPECT_TRUE(files_->read(dir_.write("b", "x", 0400)).ok());
  EXPECT_TRUE(files_->read(dir_.write("c", "", 0600))->empty());
}

TEST_F(SecretFile, InASubdirectoryIsRead) {
  std::filesystem::create_directory(dir_.path() + "/sub");
  EXPECT_TRUE(files_->read(dir_.write("sub/a", "x", 0600)).ok());
}

TEST_F(SecretFile, OpenToOthersIsRefusedWithItsModeAndTheCure) {
  for (const mode_t mode : {0640, 0604, 0620, 0601, 0610, 0644}) {
    const std::string file = dir_.write("open", "x", mode);
    const std::string error = error_of(file);
    char shown[8];
    std::snprintf(shown, sizeof shown, "%04o", mode);
    EXPECT_TRUE(mentions(error, shown)) << error;
    EXPECT_TRUE(mentions(error, "chmod 600 " + file)) << error;
    ::unlink(file.c_str());
  }
}

TEST_F(SecretFile, OfAnotherOwnerIsRefused) {
  const std::string file = dir_.write("a", "x", 0600);
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_TRUE(mentions(error_of(file), "uid 65534")) << error_of(file);
}

TEST_F(SecretFile, OutsideOfTheDirectoriesIsRefused) {
  const std::string file = outside_.write("a", "x", 0600);
  EXPECT_TRUE(mentions(error_of(file), "secrets_dirs")) << error_of(file);
  const std::string name = outside_.path().substr(outside_.path().rfind('/') + 1);
  EXPECT_NE(error_of(dir_.path() + "/../" + name + "/a"), "");
  EXPECT_NE(error_of(dir_.path() + "/./../" + name + "/a"), "");
  EXPECT_NE(error_of(dir_.path() + "/" + file), "");  // "//tmp/..." is absolute again
  EXPECT_NE(error_of(dir_.path() + "x/a"), "");
  EXPECT_NE(error_of(dir_.path()), "");
  EXPECT_NE(error_of(dir_.path() + "/"), "");
  EXPECT_NE(error_of("a"), "");
  EXPECT_NE(error_of(""), "");
}

TEST_F(SecretFile, BehindASymbolicLinkIsRefused) {
  const std::string inside = dir_.write("real", "x", 0600);
  const std::string target = outside_.write("a", "x", 0600);
  std::filesystem::create_symlink(target, dir_.path() + "/out");
  std::filesystem::create_symlink("real", dir_.path() + "/in");
  std::filesystem::create_directory_symlink(outside_.path(), dir_.path() + "/dir");
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/out"), "symbolic link"));
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/in"), "symbolic link"));
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/dir/a"), "symbolic link"));
}

TEST_F(SecretFile, ThatIsNoRegularFileIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((dir_.path() + "/fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(dir_.path() + "/sub");
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/fifo"), "not a regular file"));
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/sub"), "not a regular file"));
}

TEST_F(SecretFile, HasALimit) {
  EXPECT_TRUE(files_->read(dir_.write("max", std::string(kSecretBytesMax, 'x'), 0600)).ok());
  EXPECT_TRUE(mentions(error_of(dir_.write("over", std::string(kSecretBytesMax + 1, 'x'), 0600)),
                       "larger than"));
}

TEST_F(SecretFile, ThatIsMissingIsNamed) {
  EXPECT_TRUE(mentions(error_of(dir_.path() + "/none"), dir_.path() + "/none"));
}

TEST_F(SecretFile, DirectoryThatOthersMayWriteIsRefusedAtStart) {
  ::chmod(outside_.path().c_str(), 0777);
  const auto files = SecretFiles::open({outside_.path()});
  ASSERT_FALSE(files.ok());
  EXPECT_TRUE(mentions(files.error().text(), "chmod go-w"));
  EXPECT_FALSE(SecretFiles::open({"relative"}).ok());
  EXPECT_FALSE(SecretFiles::open({"/"}).ok());
  EXPECT_FALSE(SecretFiles::open({outside_.path() + "/none"}).ok());
}

}  // namespace
}  // namespace sluice::keeper
