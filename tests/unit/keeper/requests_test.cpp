// SPDX-License-Identifier: Apache-2.0
// The keeper's requests through the client, and then as a worker would send them that was taken
// over.
#include "keeper/requests.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include "keeper/client.h"
#include "support.h"

namespace sluice::keeper {
namespace {

using test::Idle;
using test::OwnCgroup;
using test::TempDir;

constexpr const char* kRunA = "run-00000000000000aa";
constexpr const char* kRunB = "run-00000000000000bb";
constexpr const char* kRunC = "run-00000000000000cc";

class KeeperRequests : public testing::Test {
 protected:
  void SetUp() override {
    if (!own_.missing().empty()) FAIL() << own_.missing();
    KeeperConfig config;
    config.destroy_sockets = [this](const std::string& directory) -> Result<std::uint64_t> {
      destroyed_ = directory;
      return std::uint64_t{3};
    };
    config.take_census = [this](const std::string& directory, bool kill) -> Result<kernel::Census> {
      destroyed_ = directory;
      kernel::OpenConnection open;
      open.ip_protocol = 6;
      open.local = {*parse_ip("127.0.0.1"), 40000};
      open.remote = {*parse_ip("2001:db8::1"), 5432};
      open.pid = 77;
      open.killed = kill;
      return kernel::Census{std::vector(kCensusMax + 2, open), kill ? "" : "nobody asked"};
    };
    auto runs = Runs::open(own_.directory());
    ASSERT_TRUE(runs.ok()) << runs.error().text();
    auto secrets = SecretFiles::open({dir_.path()});
    ASSERT_TRUE(secrets.ok()) << secrets.error().text();
    requests_ = std::make_unique<Requests>(*std::move(runs), *std::move(secrets), config);
    requests_->runs().never_move(::getpid());
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    server_.reset(ends[0]);
    client_ = std::make_unique<KeeperClient>(UniqueFd{ends[1]});
    thread_ = std::thread{[this] { serve(); }};
  }
  void TearDown() override {
    client_.reset();
    if (thread_.joinable()) thread_.join();
  }
  void serve() {
    unsigned char buffer[kRequestBytesMax];
    for (;;) {
      const auto datagram = receive(server_.get(), buffer, sizeof buffer);
      if (!datagram || datagram->size == 0) return;
      const auto outcome = requests_->answer(*datagram, buffer, server_.get());
      if (!outcome) return;
    }
  }
  std::string runs() const { return own_.below() + "/sluice"; }
  // Sends bytes as they are; "" where they are answered without an error.
  std::string raw(const void* bytes, std::size_t size, int fd = -1) {
    EXPECT_TRUE(send(client_->socket(), bytes, size, fd, Waiting::kYes).ok());
    const auto reply = std::make_unique<SecretReply>();  // the largest
    const auto got = receive(client_->socket(), reply.get(), sizeof(SecretReply));
    EXPECT_TRUE(got.ok() && got->size >= sizeof(ReplyHead));
    return reply->head.failed != 0 ? reply->head.error : "";
  }

  OwnCgroup own_;
  TempDir dir_;
  std::string destroyed_;
  std::unique_ptr<Requests> requests_;
  UniqueFd server_;
  std::unique_ptr<KeeperClient> client_;
  std::thread thread_;
};

TEST_F(KeeperRequests, MakeMoveKillAndRemoveARunAndItsSubagent) {
  const auto a = client_->make_run_cgroup("", kRunA);
  ASSERT_TRUE(a.ok()) << a.error().text();
  EXPECT_EQ(a->path, runs() + "/" + kRunA);
  struct stat status {};
  ASSERT_EQ(::stat((own_.directory() + "/sluice/" + kRunA).c_str(), &status), 0);
  EXPECT_EQ(a->id, status.st_ino);
  const auto b = client_->make_run_cgroup(a->path, kRunB);
  ASSERT_TRUE(b.ok()) << b.error().text();

  Idle process;
  ASSERT_TRUE(client_->move_process(process.pidfd(), a->path).ok());
  EXPECT_EQ(process.cgroup(), a->path);
  ASSERT_TRUE(client_->move_process(process.pidfd(), b->path).ok());
  EXPECT_EQ(process.cgroup(), b->path);

  EXPECT_EQ(client_->remove_run_cgroup(a->path).error().code(), EBUSY);
  ASSERT_TRUE(client_->kill_run(a->path).ok());
  process.end();
  EXPECT_TRUE(client_->remove_run_cgroup(a->path).ok());
  EXPECT_EQ(client_->remove_run_cgroup(a->path).error().code(), ENOENT);
}

TEST_F(KeeperRequests, TheCeilingOnlyFalls_Invariant2) {
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  const std::string b = client_->make_run_cgroup(a, kRunB)->path;
  const std::string c = client_->make_run_cgroup("", kRunC)->path;
  own_.make("/sluice/" + std::string(kRunB));
  Idle process;
  ASSERT_TRUE(client_->move_process(process.pidfd(), b).ok());
  for (const std::string& elsewhere : {a, c}) {
    const auto moved = client_->move_process(process.pidfd(), elsewhere);
    ASSERT_FALSE(moved.ok()) << elsewhere;
    EXPECT_EQ(moved.error().code(), EPERM);
    EXPECT_NE(moved.error().text().find("only go further down"), std::string::npos);
  }
  EXPECT_FALSE(client_->move_process(process.pidfd(), runs()).ok());
  EXPECT_FALSE(client_->move_process(process.pidfd(), own_.below()).ok());
  EXPECT_FALSE(client_->move_process(process.pidfd(), "/").ok());
  EXPECT_EQ(process.cgroup(), b);
}

TEST_F(KeeperRequests, AProcessInACgroupThatTheAgentMadeItselfCannotLeaveItsRunEither) {
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  const std::string c = client_->make_run_cgroup("", kRunC)->path;
  own_.make("/sluice/" + std::string(kRunA) + "/mine");
  Idle process;
  own_.put("/sluice/" + std::string(kRunA) + "/mine", process.pid());
  ASSERT_EQ(process.cgroup(), a + "/mine");
  EXPECT_FALSE(client_->move_process(process.pidfd(), c).ok());
  EXPECT_TRUE(client_->move_process(process.pidfd(), a).ok());
}

TEST_F(KeeperRequests, AnEnrolledCgroupIsACeilingToo) {
  own_.make("/unit");
  own_.make("/unit/part");
  const std::string unit = own_.below() + "/unit";
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  EXPECT_FALSE(client_->make_run_cgroup(unit, kRunB).ok()) << "not enrolled yet";
  Idle inside, outside;
  own_.put("/unit/part", inside.pid());

  const auto enrolled = client_->enrol_cgroup(unit);
  ASSERT_TRUE(enrolled.ok()) << enrolled.error().text();
  const std::string b = client_->make_run_cgroup(unit, kRunB)->path;
  EXPECT_EQ(b, unit + "/" + kRunB);
  EXPECT_FALSE(client_->move_process(inside.pidfd(), a).ok());
  EXPECT_FALSE(client_->move_process(outside.pidfd(), b).ok());
  EXPECT_FALSE(client_->move_process(outside.pidfd(), unit).ok());
  EXPECT_TRUE(client_->move_process(inside.pidfd(), b).ok());
  EXPECT_EQ(inside.cgroup(), b);
  EXPECT_FALSE(client_->kill_run(unit).ok()) << "not a run of the keeper's making";
  EXPECT_FALSE(client_->remove_run_cgroup(unit).ok());
}

TEST_F(KeeperRequests, EnrolOnlyWhatStandsBesideTheRuns) {
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  for (const std::string& path : {std::string("/"), own_.below(), runs(), a, own_.below() + "/none",
                                  std::string("/../x"), std::string("")})
    EXPECT_FALSE(client_->enrol_cgroup(path).ok()) << path;
}

TEST_F(KeeperRequests, RefuseProcessesThatAreNobodysAgent) {
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  const UniqueFd init = test::pidfd_of(1);
  const UniqueFd self = test::pidfd_of(::getpid());
  const UniqueFd kernel_thread = test::pidfd_of(2);
  EXPECT_EQ(client_->move_process(init.get(), a).error().code(), EPERM);
  EXPECT_EQ(client_->move_process(self.get(), a).error().code(), EPERM);
  if (kernel_thread && test::slurp("/proc/2/comm") == "kthreadd\n") {
    const auto moved = client_->move_process(kernel_thread.get(), a);
    ASSERT_FALSE(moved.ok());
    EXPECT_NE(moved.error().text().find("kernel thread"), std::string::npos);
  }
  const UniqueFd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(client_->move_process(file.get(), a).error().code(), EBADF);
  EXPECT_EQ(client_->move_process(-1, a).error().code(), EBADF);
  Idle dead;
  dead.end();
  EXPECT_EQ(client_->move_process(dead.pidfd(), a).error().code(), ESRCH);
}

TEST_F(KeeperRequests, RefuseCgroupsThatAreNoRuns) {
  own_.make("/sluice/other");
  own_.make("/beside");
  Idle process;
  const std::string before = process.cgroup();
  const std::string bad[] = {runs(),
                             runs() + "/other",
                             runs() + "/../beside",
                             own_.below() + "/beside",
                             own_.below() + "/beside/" + kRunA,
                             own_.below() + "/" + kRunA,
                             runs() + "/other/" + kRunA,
                             runs() + "/" + kRunA + "/",
                             runs() + "//" + kRunA,
                             std::string("/") + kRunA,
                             kRunA,
                             "",
                             "/"};
  for (const std::string& path : bad) {
    EXPECT_FALSE(client_->move_process(process.pidfd(), path).ok()) << path;
    EXPECT_FALSE(client_->kill_run(path).ok()) << path;
    EXPECT_FALSE(client_->remove_run_cgroup(path).ok()) << path;
    EXPECT_FALSE(client_->destroy_sockets(path).ok()) << path;
    EXPECT_FALSE(client_->take_census(path, true).ok()) << path;
    if (path.empty() || path == runs()) continue;  // these stand for the directory of runs
    EXPECT_FALSE(client_->make_run_cgroup(path, kRunB).ok()) << path;
  }
  EXPECT_EQ(process.cgroup(), before);
  EXPECT_EQ(destroyed_, "");
  for (const char* id : {"", "run-", "..", "other", "run-00000000000000AA", "run-0/../../xxxxxxxx",
                         "run-00000000000000aaa"})
    EXPECT_FALSE(client_->make_run_cgroup("", id).ok()) << id;
}

TEST_F(KeeperRequests, RefuseANameThatIsTakenOrTooLong) {
  ASSERT_TRUE(client_->make_run_cgroup("", kRunA).ok());
  EXPECT_EQ(client_->make_run_cgroup("", kRunA).error().code(), EEXIST);
  EXPECT_EQ(client_->kill_run("/" + std::string(kPathBytesMax, 'a')).error().code(), ENAMETOOLONG);
  EXPECT_FALSE(client_->make_run_cgroup("", std::string(kRunIdBytesMax, 'a')).ok());
  // A parent that fits, whose child does not.
  std::string deep = runs();
  while (deep.size() + 21 < kPathBytesMax) deep += std::string("/") + kRunA;
  EXPECT_FALSE(client_->make_run_cgroup(deep, kRunB).ok());
}

TEST_F(KeeperRequests, ReadSecretsAndPasswords) {
  const auto secret = client_->read_secret(dir_.write("key", "a\nb\n", 0600));
  ASSERT_TRUE(secret.ok()) << secret.error().text();
  EXPECT_EQ(as_text(secret->for_wire()), "a\nb\n");
  EXPECT_EQ(as_text(client_->read_password(dir_.write("p1", "pw\n", 0600))->for_wire()), "pw");
  EXPECT_EQ(as_text(client_->read_password(dir_.write("p2", " pw ", 0600))->for_wire()), " pw ");
  EXPECT_FALSE(client_->read_password(dir_.write("p3", "a\nb\n", 0600)).ok());
  EXPECT_FALSE(client_->read_password(dir_.write("p4", "\n", 0600)).ok());
  const auto open = client_->read_secret(dir_.write("p5", "topsecret", 0644));
  ASSERT_FALSE(open.ok());
  EXPECT_NE(open.error().text().find("chmod 600"), std::string::npos);
  EXPECT_EQ(open.error().text().find("topsecret"), std::string::npos);
  EXPECT_FALSE(client_->read_secret("/etc/shadow").ok());
  const std::string large(kSecretBytesMax, 'x');
  EXPECT_EQ(as_text(client_->read_secret(dir_.write("max", large, 0600))->for_wire()), large);
}

TEST_F(KeeperRequests, DestroyTheSocketsOfARun) {
  const auto a = client_->make_run_cgroup("", kRunA);
  const auto count = client_->destroy_sockets(a->path);
  ASSERT_TRUE(count.ok()) << count.error().text();
  EXPECT_EQ(*count, 3U);
  EXPECT_EQ(destroyed_, own_.directory() + "/sluice/" + kRunA);
}

TEST_F(KeeperRequests, TakeACensusThatNamesSomeAndCountsAll) {
  const auto a = client_->make_run_cgroup("", kRunA);
  const auto kept = client_->take_census(a->path, false);
  ASSERT_TRUE(kept.ok()) << kept.error().text();
  EXPECT_EQ(destroyed_, own_.directory() + "/sluice/" + kRunA);
  EXPECT_EQ(kept->found, kCensusMax + 2);
  EXPECT_EQ(kept->killed, 0U);
  EXPECT_EQ(kept->census.why_kept, "nobody asked");
  ASSERT_EQ(kept->census.connections.size(), kCensusMax);
  const kernel::OpenConnection& last = kept->census.connections.back();
  EXPECT_EQ(last.local.text(), "127.0.0.1:40000");
  EXPECT_EQ(last.remote.text(), "[2001:db8::1]:5432");
  EXPECT_EQ(last.pid, 77);
  EXPECT_EQ(last.ip_protocol, 6);
  EXPECT_FALSE(last.killed);
  const auto killed = client_->take_census(a->path, true);
  ASSERT_TRUE(killed.ok()) << killed.error().text();
  EXPECT_EQ(killed->killed, kCensusMax + 2);
  EXPECT_TRUE(killed->census.connections.front().killed);
}

TEST_F(KeeperRequests, KeepTheErrnoAndTheWordsOfAnError) {
  const auto missing = client_->kill_run(runs() + "/" + kRunA);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ENOENT);
  EXPECT_NE(missing.error().text().find("No such file or directory"), std::string::npos);
}

TEST_F(KeeperRequests, HostileDatagramsAreRefusedAndTheNextGoodOneIsServed) {
  std::vector<char> bytes(2 * kRequestBytesMax, 'x');
  EXPECT_NE(raw(bytes.data(), 1), "");
  EXPECT_NE(raw(bytes.data(), sizeof(Head)), "");
  EXPECT_NE(raw(bytes.data(), bytes.size()), "");
  Head unknown{.type = static_cast<RequestType>(99)};
  EXPECT_NE(raw(&unknown, sizeof unknown), "");
  for (std::uint32_t type = 0; type < 12; ++type) {
    Head head{.type = static_cast<RequestType>(type)};
    EXPECT_NE(raw(&head, sizeof head), "") << "short message of type " << type;
    std::memcpy(bytes.data(), &head, sizeof head);
    EXPECT_NE(raw(bytes.data(), bytes.size()), "") << "long message of type " << type;
    EXPECT_NE(raw(bytes.data(), sizeof(MakeRunCgroup) + 1), "") << type;
  }
  KillRun wrong_magic;
  wrong_magic.head.magic = 1;
  EXPECT_NE(raw(&wrong_magic, sizeof wrong_magic), "");
  KillRun endless;
  std::memset(endless.run_cgroup.text, '/', sizeof endless.run_cgroup.text);
  EXPECT_NE(raw(&endless, sizeof endless).find("no end"), std::string::npos);
  MakeRunCgroup endless_id;
  std::memset(endless_id.run_id, 'a', sizeof endless_id.run_id);
  EXPECT_NE(raw(&endless_id, sizeof endless_id), "");
  EXPECT_TRUE(client_->make_run_cgroup("", kRunA).ok());
}

TEST_F(KeeperRequests, DescriptorsThatNobodyAskedForAreRefusedAndClosed) {
  const UniqueFd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const auto open_count = [] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      static_cast<void>(entry);
      ++count;
    }
    return count;
  };
  const int before = open_count();
  MakeRunCgroup request;
  std::strcpy(request.run_id, kRunA);
  EXPECT_NE(raw(&request, sizeof request, null.get()).find("takes none"), std::string::npos);
  // Several at once.
  int fds[3] = {null.get(), null.get(), null.get()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  MoveProcess move;
  iovec part{&move, sizeof move};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(head), fds, sizeof fds);
  ASSERT_GT(::sendmsg(client_->socket(), &message, 0), 0);
  PlainReply reply;
  ASSERT_TRUE(receive(client_->socket(), &reply, sizeof reply).ok());
  EXPECT_NE(reply.head.failed, 0);
  EXPECT_TRUE(client_->make_run_cgroup("", kRunB).ok());  // the server has let go of them by now
  EXPECT_EQ(open_count(), before);
}

TEST_F(KeeperRequests, OpenSocketsOnlyInTheNamespaceOfAProcessThatIsInARun) {
  const std::string run = client_->make_run_cgroup("", kRunA)->path;
  const test::Container container;
  const auto open = [&](int fd, std::uint32_t version = 4,
                        Transport transport = Transport::kTcpListener) {
    return client_->open_in_namespace(fd, version, transport);
  };
  EXPECT_EQ(open(container.pidfd()).error().code(), EPERM) << "it is in no run";
  ASSERT_TRUE(client_->move_process(container.pidfd(), run).ok());
  const auto opened = open(container.pidfd());
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  EXPECT_EQ(opened->inode, container.inode());
  EXPECT_TRUE(open(container.pidfd(), 6, Transport::kUdp)->fd);

  // Nothing but a pidfd says which namespace.
  const UniqueFd space{::open(("/proc/" + std::to_string(container.pid()) + "/ns/net").c_str(),
                              O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(open(space.get()).error().code(), EBADF);
  EXPECT_EQ(open(-1).error().code(), EBADF);
  EXPECT_EQ(open(container.pidfd(), 5).error().code(), EINVAL);
  EXPECT_EQ(open(container.pidfd(), 4, Transport{9}).error().code(), EINVAL);

  Idle at_home;
  ASSERT_TRUE(client_->move_process(at_home.pidfd(), run).ok());
  EXPECT_EQ(open(at_home.pidfd()).error().code(), EPERM) << "the daemon's own namespace";
  Idle ended;
  ASSERT_TRUE(client_->move_process(ended.pidfd(), run).ok());
  ended.end();
  EXPECT_EQ(open(ended.pidfd()).error().code(), ESRCH);
}

TEST_F(KeeperRequests, SayThatANamespaceHasNoLoopbackYet) {
  const std::string run = client_->make_run_cgroup("", kRunA)->path;
  const test::Container container{test::Container::Lo::kDown};
  ASSERT_TRUE(client_->move_process(container.pidfd(), run).ok());
  // Where no device was ever up, IPv4 lets a socket be bound to any address.
  const auto opened = client_->open_in_namespace(container.pidfd(), 6, Transport::kUdp);
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  EXPECT_FALSE(opened->fd);
  EXPECT_EQ(opened->inode, container.inode());
}

TEST_F(KeeperRequests, ListTheNamespacesOfARunAndOfThoseInIt) {
  const std::string a = client_->make_run_cgroup("", kRunA)->path;
  const std::string b = client_->make_run_cgroup(a, kRunB)->path;
  const test::Container one, other, outside;
  Idle at_home;
  for (const auto& [pidfd, run] :
       {std::pair{one.pidfd(), a}, std::pair{other.pidfd(), b}, std::pair{at_home.pidfd(), a}})
    ASSERT_TRUE(client_->move_process(pidfd, run).ok());
  const auto listed = client_->list_namespaces(a);
  ASSERT_TRUE(listed.ok()) << listed.error().text();
  EXPECT_TRUE(listed->whole);
  std::map<std::uint64_t, pid_t> found;
  for (const NamespaceEntry& entry : listed->entries) found[entry.inode] = entry.pid;
  EXPECT_EQ(found, (std::map<std::uint64_t, pid_t>{{one.inode(), one.pid()},
                                                   {other.inode(), other.pid()}}));
  EXPECT_EQ(client_->list_namespaces(own_.below()).error().code(), EPERM) << "it is no run";
  EXPECT_FALSE(client_->list_namespaces(runs() + "/" + kRunC).ok());
}

TEST_F(KeeperRequests, FailForGoodWhenTheKeeperIsGone) {
  ::shutdown(server_.get(), SHUT_RDWR);
  EXPECT_FALSE(client_->make_run_cgroup("", kRunA).ok());
  EXPECT_EQ(client_->make_run_cgroup("", kRunA).error().code(), EPIPE);
}

TEST_F(KeeperRequests, MayComeFromManyThreads) {
  std::vector<std::thread> threads;
  const std::string file = dir_.write("p", "pw", 0600);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto secret = client_->read_password(file);
        EXPECT_TRUE(secret && as_text(secret->for_wire()) == "pw");
      }
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace sluice::keeper
