// SPDX-License-Identifier: Apache-2.0
#include "control/config.h"

#include "../store/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace sluice::control {
namespace {

using testing::HasSubstr;

TEST(Config, EveryKeyHasADefault) {
  for (const char* text : {"", "# nothing\n", "---\n", "{}"}) {
    const auto config = parse_config(text, "f");
    ASSERT_TRUE(config.ok()) << text << ": " << config.error().text();
    EXPECT_EQ(config->policy_dir, "/etc/sluice/policies");
    EXPECT_EQ(config->control_socket(), "/run/sluice/control.sock");
    EXPECT_EQ(config->worker_user, "sluice");
    EXPECT_EQ(config->durability, Durability::kProcess);
    EXPECT_EQ(config->audit_file(), "/var/lib/sluice/audit.jsonl");
  }
}

TEST(Config, EveryPathCanBeMoved) {
  const auto config = parse_config(R"(
policy_dir: /t/policies/
state_dir: /t/state
run_dir: /t/run
cgroup_root: /sys/fs/cgroup/t
listen: "[::1]:7000"
console: 127.0.0.1:8080
audit: /t/audit
worker_user: nobody
secrets_dir: /t/secrets
pin_dir: /sys/fs/bpf/t
threads: 3
durability: disk
)",
                                   "f");
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->policy_dir, "/t/policies");
  EXPECT_EQ(config->store_file(), "/t/state/store");
  EXPECT_EQ(config->recordings_dir(), "/t/state/recordings");
  EXPECT_EQ(config->control_socket(), "/t/run/control.sock");
  EXPECT_EQ(config->cgroup_root, "/sys/fs/cgroup/t");
  EXPECT_EQ(config->listen, "[::1]:7000");
  EXPECT_EQ(config->console, "127.0.0.1:8080");
  EXPECT_EQ(config->audit_file(), "/t/audit");
  EXPECT_EQ(config->worker_user, "nobody");
  EXPECT_EQ(config->secrets_dir, "/t/secrets");
  EXPECT_EQ(config->pin_dir, "/sys/fs/bpf/t");
  EXPECT_EQ(config->threads, 3U);
  EXPECT_EQ(config->durability, Durability::kDisk);
}

TEST(Config, TheAuditIsAFileOrAMapThatMayRequireIt) {
  const auto plain = parse_config("audit: /t/audit\n", "f");
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->audit_required);
  const auto required = parse_config("audit: { required: true, file: /t/audit }\n", "f");
  ASSERT_TRUE(required.ok()) << required.error().text();
  EXPECT_TRUE(required->audit_required);
  EXPECT_EQ(required->audit_file(), "/t/audit");
}

struct Wrong {
  const char* text;
  const char* says;
};

TEST(Config, SaysWhereAndWhatIsWrong) {
  const Wrong table[] = {
      {"state_dir: /a\nstatedir: /b\n", "f.yaml:2:1: error: the key 'statedir' is not known"},
      {"run_dir: /a\nrun_dir: /b\n", "f.yaml:2:1: error: the key 'run_dir' stands here twice"},
      {"run_dir: relative\n", "f.yaml:1:10: error: 'run_dir' must be an absolute path"},
      {"run_dir: [a]\n", "f.yaml:1:10: error: 'run_dir' must be one value"},
      {"run_dir: \"/a\\e[2J\"\n", "f.yaml:1:10: error: 'run_dir' holds a control character"},
      {"threads: -1\n", "f.yaml:1:10: error: 'threads' must be a number"},
      {"threads: 1000\n", "'threads' must be a number from 0 to 256"},
      {"audit: { requierd: true }\n",
       "f.yaml:1:10: error: the key 'requierd' is not known in 'audit'"},
      {"audit: { required: maybe }\n",
       "f.yaml:1:20: error: 'audit.required' must be true or false"},
      {"audit: { file: here }\n", "f.yaml:1:16: error: 'audit.file' must be an absolute path"},
      {"heartbeat_limit_ms: 0\n",
       "f.yaml:1:21: error: 'heartbeat_limit_ms' must be a number of milliseconds from 1000 to"},
      {"heartbeat_limit_ms: 999\n", "it cannot be turned off"},
      {"heartbeat_limit_ms: 600001\n", "it cannot be turned off"},
      {"heartbeat_limit_ms: 5s\n", "it cannot be turned off"},
      {"durability: maybe\n", "f.yaml:1:13: error: 'durability' must be process or disk"},
      {"listen: 0.0.0.0:1\n", "'listen' must be a loopback address"},
      {"listen: 127.0.0.1\n", "'listen' must be a loopback address"},
      {"listen: 127.0.0.1:99999\n", "'listen' must be a loopback address"},
      {"console: example.com:80\n", "'console' must be a loopback address"},
      {"worker_user: ''\n", "'worker_user' must be a user's name"},
      {"- a\n", "f.yaml:1:1: error: the file must be a map"},
      {"a: [\n", "f.yaml:2:1: error: "},
      {"? [a, b]\n: c\n", "a key must be one word"},
  };
  for (const Wrong& row : table) {
    const auto config = parse_config(row.text, "f.yaml");
    ASSERT_FALSE(config.ok()) << row.text;
    EXPECT_THAT(config.error().text(), HasSubstr(row.says)) << row.text;
  }
}

TEST(Config, ASocketPathThatNoSocketCanHaveIsAnError) {
  const auto config = parse_config("run_dir: /" + std::string(120, 'x') + "\n", "f");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().text(), HasSubstr("shorten run_dir"));
}

TEST(Config, HostileTextIsAnErrorAndNothingWorse) {
  for (const std::string& text :
       {std::string(5000, '['), std::string("\0\0\0", 3), std::string(3000, '{'),
        std::string("&a [*a, *a]"), std::string("\xff\xfe\x00x", 4), std::string("!!binary x: y")})
    static_cast<void>(parse_config(text, "f"));
}

TEST(Config, ANamedFileMustBeThere) {
  const test::TempDir dir;
  const auto missing = load_config(dir.file("none.yaml"));
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().text(), HasSubstr("none.yaml"));
  std::ofstream{dir.file("a.yaml")} << "run_dir: /x\n";
  const auto config = load_config(dir.file("a.yaml"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->run_dir, "/x");
  EXPECT_EQ(config->file, dir.file("a.yaml"));
}

TEST(Config, TakesALimitForTheHeartbeat) {
  EXPECT_EQ(parse_config("", "f")->heartbeat_limit_ms, 10'000U);
  EXPECT_EQ(parse_config("heartbeat_limit_ms: 1000", "f")->heartbeat_limit_ms, 1'000U);
  EXPECT_EQ(parse_config("heartbeat_limit_ms: 600000", "f")->heartbeat_limit_ms, 600'000U);
}

TEST(Config, TakesATimeToDrain) {
  EXPECT_EQ(parse_config("", "f")->drain_timeout, std::chrono::minutes{10});
  EXPECT_EQ(parse_config("drain_timeout: 90s", "f")->drain_timeout, std::chrono::seconds{90});
  EXPECT_EQ(parse_config("drain_timeout: 2h", "f")->drain_timeout, std::chrono::hours{2});
  EXPECT_EQ(parse_config("drain_timeout: 0s", "f")->drain_timeout, std::chrono::seconds{0});
  for (const char* wrong : {"10", "m", "-1m", "25h", "1500m", "10 m", "1m30s"}) {
    const auto config = parse_config(std::string{"drain_timeout: "} + wrong, "f");
    ASSERT_FALSE(config.ok()) << wrong;
    EXPECT_NE(config.error().text().find("f:1:16"), std::string::npos) << config.error().text();
    EXPECT_NE(config.error().text().find("write 90s, 10m or 2h"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::control
