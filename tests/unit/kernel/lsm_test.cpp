// SPDX-License-Identifier: Apache-2.0
// The BPF LSM layer: what it decides where it works, and that the plane is whole without it. What
// needs the layer is skipped, with the reason, on a kernel that does not call its programs.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include "kernel/lsm_layer.h"
#include "kernel/probe.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

UniqueFd tcp_socket() { return UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}; }

std::string said(int status) { return status < 0 ? errno_name(errno) : "ok"; }

std::string make(int family, int type, int protocol = 0) {
  const UniqueFd made{::socket(family, type | SOCK_CLOEXEC, protocol)};
  return made ? "ok" : errno_name(errno);
}

std::string connect_with(const UniqueFd& fd, const Address& to) {
  return said(::connect(fd.get(), to.get(), to.length));
}

std::string open_to_write(const std::string& path) {
  const UniqueFd opened{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return opened ? "ok" : errno_name(errno);
}

void move(pid_t task, const std::string& cgroup) {
  if (!(std::ofstream{cgroup + "/cgroup.procs"} << task << std::flush)) fail("move a task");
}

void send_descriptor(int over, int descriptor) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (::sendmsg(over, &message, MSG_NOSIGNAL) != 1) fail("send a descriptor");
}

// Empty where none came.
UniqueFd receive_descriptor(int over) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(over, &message, MSG_CMSG_CLOEXEC) != 1) fail("receive a message");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_len != CMSG_LEN(sizeof(int))) return {};
  int received = -1;
  std::memcpy(&received, CMSG_DATA(header), sizeof received);
  return UniqueFd{received};
}

// A lab with a run and a daemon's listener, where the layer is in force. One for all tests: in a
// virtual machine the kernel takes seconds to attach all programs.
class LsmLayer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    lab_.emplace([](PlaneOptions& options) { options.lsm_works = calls_lsm_programs; });
    listener_.emplace("127.0.0.1");
    run_ = lab_->make_run("run");
    elsewhere_ = lab_->make_cgroup("elsewhere");
    must(lab_->maps->set_listeners({listener_->endpoint()}));
  }
  static void TearDownTestSuite() {
    listener_.reset();
    lab_.reset();
  }
  void SetUp() override {
    const LsmState& state = lab_->plane->lsm();
    ASSERT_EQ(state.why_not, "") << "these tests need BPF LSM; vmtest has kernels with it";
    for (const LsmFamilyState& family : state.families)
      ASSERT_TRUE(family.active) << family.name << ": " << family.why_not;
    ASSERT_TRUE(state.active);
    before_ = must(lab_->maps->counters());
  }
  // Since the beginning of the test.
  std::uint64_t count(const std::string& reason) const {
    return lab_->count(reason) - before_.at(reason);
  }

  inline static std::optional<Lab> lab_;
  inline static std::optional<Listener> listener_;
  inline static std::string run_, elsewhere_;
  const Address server_{"127.1.2.3", 5432};
  std::map<std::string, std::uint64_t> before_;
};

TEST_F(LsmLayer, LetsARunUseItsOwnSockets) {
  EXPECT_EQ(as_agent(run_, [&] { return connect_to(server_); }), "ok 127.1.2.3:5432");
  EXPECT_EQ(as_agent(run_,
                     [] {
                       const Listener own{"127.0.0.1"};
                       return "listens";
                     }),
            "listens");
  EXPECT_EQ(count("foreign_socket"), 0u);
}

TEST_F(LsmLayer, LetsARunAnswerWhatItAccepted) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd from_server{ends[0]}, to_test{ends[1]};
  Child server{run_, [&] {
                 const Listener own{"127.0.0.1"};
                 if (::write(to_test.get(), &own.port, sizeof own.port) != sizeof own.port)
                   fail("port");
                 const UniqueFd accepted = own.accept();
                 return said(static_cast<int>(::send(accepted.get(), "x", 1, MSG_NOSIGNAL)));
               }};
  to_test.reset();
  std::uint16_t port = 0;
  ASSERT_EQ(::read(from_server.get(), &port, sizeof port), ssize_t{sizeof port});
  // From the run itself: whoever is outside is kept out by `inbound`.
  EXPECT_EQ(as_agent(run_, [&] { return connect_with(tcp_socket(), {"127.0.0.1", port}); }), "ok");
  EXPECT_EQ(server.result(), "ok");
}

TEST_F(LsmLayer, RefusesASocketThatWasInherited) {
  const UniqueFd outside = tcp_socket();
  const Listener listening{"127.0.0.1"};
  const Address real{"127.0.0.1", listening.port};
  EXPECT_EQ(as_agent(run_, [&] { return connect_with(outside, real); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(::listen(outside.get(), 1)); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(::accept(listening.fd.get(), nullptr, nullptr)); }),
            "EPERM");
  EXPECT_EQ(as_agent(run_,
                     [&] {
                       return said(static_cast<int>(
                           ::sendto(outside.get(), "x", 1, MSG_FASTOPEN, real.get(), real.length)));
                     }),
            "EPERM");
  const auto set_an_option = [](int socket) {
    const int on = 1;
    return said(::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  };
  EXPECT_EQ(as_agent(run_, [&] { return set_an_option(outside.get()); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return set_an_option(tcp_socket().get()); }), "ok");
  EXPECT_EQ(count("foreign_socket"), 5u);
  ASSERT_EQ(connect_with(outside, real), "ok");
  EXPECT_EQ(as_agent(run_, [&] { return said(static_cast<int>(::write(outside.get(), "x", 1))); }),
            "EPERM");
}

TEST_F(LsmLayer, RefusesASocketThatIsPassedIn) {
  int both[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
  const UniqueFd ours{both[0]}, theirs{both[1]};
  const UniqueFd outside = tcp_socket();
  send_descriptor(ours.get(), outside.get());
  EXPECT_EQ(
      as_agent(run_, [&] { return receive_descriptor(theirs.get()) ? "came" : "did not come"; }),
      "did not come");
  EXPECT_EQ(count("socket_received"), 1u);
  const UniqueFd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  send_descriptor(ours.get(), file.get());
  EXPECT_EQ(
      as_agent(run_, [&] { return receive_descriptor(theirs.get()) ? "came" : "did not come"; }),
      "came");
}

TEST_F(LsmLayer, KnowsATaskThatLeftItsRun) {
  const Listener open{"127.0.0.1"};
  const Address real{"127.0.0.1", open.port};
  Child left{run_, [&] {
               const UniqueFd early = tcp_socket();
               Child::await_release();
               std::string what = "early " + connect_with(early, real);
               what += ", late " + make(AF_INET, SOCK_STREAM);
               const pid_t child = ::fork();
               if (child == 0) ::_exit(make(AF_INET, SOCK_STREAM) == "EPERM" ? 0 : 1);
               int status = -1;
               ::waitpid(child, &status, 0);
               return what + (status == 0 ? ", its child too" : ", its child not");
             }};
  // It has its socket when the counter of nothing else moves; wait for its tag by its own words.
  for (int i = 0; i < 200; ++i) ::usleep(5'000);
  move(left.pid(), elsewhere_);
  EXPECT_EQ(left.result(), "early EPERM, late EPERM, its child too");
  EXPECT_EQ(count("left_run"), 3u);
}

TEST_F(LsmLayer, RefusesFamiliesThatNoProgramNeeds) {
  EXPECT_EQ(as_agent(run_, [] { return make(AF_VSOCK, SOCK_STREAM); }), "EAFNOSUPPORT");
  EXPECT_EQ(as_agent(run_, [] { return make(AF_PACKET, SOCK_RAW); }), "EAFNOSUPPORT");
  EXPECT_EQ(as_agent(run_, [] { return make(AF_ALG, SOCK_SEQPACKET); }), "EAFNOSUPPORT");
  EXPECT_EQ(as_agent(run_, [] { return make(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG); }),
            "EPROTONOSUPPORT");
  EXPECT_EQ(count("socket_family"), 4u);
  EXPECT_EQ(as_agent(run_, [] { return make(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }), "ok");
  EXPECT_EQ(as_agent(run_, [] { return make(AF_UNIX, SOCK_DGRAM); }), "ok");
  EXPECT_EQ(make(AF_PACKET, SOCK_RAW), "ok") << "outside of every run";
}

TEST_F(LsmLayer, RefusesToMoveTasks) {
  const auto try_all = [&] {
    return open_to_write(elsewhere_ + "/cgroup.procs") + " " +
           open_to_write(elsewhere_ + "/cgroup.threads") + " " +
           open_to_write(run_ + "/cgroup.procs") + " " +
           open_to_write(elsewhere_ + "/cgroup.freeze") + " " +
           open_to_write(run_ + "/cgroup.freeze");
  };
  EXPECT_EQ(as_agent(run_, try_all), "EPERM EPERM EPERM EPERM ok");
  EXPECT_EQ(count("cgroup_write"), 4u);
  EXPECT_EQ(try_all(), "ok ok ok ok ok") << "outside of every run";
  EXPECT_EQ(
      as_agent(run_,
               [&] { return std::ifstream{run_ + "/cgroup.procs"}.good() ? "read" : "not read"; }),
      "read");
}

TEST_F(LsmLayer, LetsAnOuterRunUseWhatAnInnerOneMadeButNotTheOtherWayRound) {
  const std::string inner = lab_->make_run("run/inner", 2);
  int both[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
  const UniqueFd ours{both[0]}, theirs{both[1]};
  const auto give = [&] {
    send_descriptor(ours.get(), tcp_socket().get());
    return "gave";
  };
  const auto take = [&] {
    const UniqueFd taken = receive_descriptor(theirs.get());
    return taken ? connect_with(taken, server_) : "nothing";
  };
  EXPECT_EQ(as_agent(inner, give), "gave");
  EXPECT_EQ(as_agent(run_, take), "ok");
  EXPECT_EQ(as_agent(run_, give), "gave");
  EXPECT_EQ(as_agent(inner, take), "nothing");
}

// --- tampering
// ----------------------------------------------------------------------------------------

TEST_F(LsmLayer, RefusesToTraceWhoIsOutside) {
  EXPECT_EQ(as_agent(run_,
                     [] {
                       return said(
                           static_cast<int>(::ptrace(PTRACE_SEIZE, ::getppid(), nullptr, nullptr)));
                     }),
            "EPERM");
  EXPECT_EQ(as_agent(run_,
                     [] {
                       const auto memory = "/proc/" + std::to_string(::getppid()) + "/mem";
                       const UniqueFd opened{::open(memory.c_str(), O_RDONLY | O_CLOEXEC)};
                       return opened ? std::string{"opened"} : errno_name(errno);
                     }),
            "EACCES");
  EXPECT_EQ(count("ptrace"), 2u);
  EXPECT_EQ(as_agent(run_,
                     [] {
                       const pid_t own = ::fork();
                       if (own == 0) ::_exit(::pause());
                       const std::string how =
                           said(static_cast<int>(::ptrace(PTRACE_SEIZE, own, nullptr, nullptr)));
                       ::kill(own, SIGKILL);
                       ::waitpid(own, nullptr, 0);
                       return how;
                     }),
            "ok");
}

TEST_F(LsmLayer, RefusesSignalsToTheDaemonAlone) {
  Child daemon{"", [] {
                 Child::await_release();
                 return "lived";
               }};
  Child other{"", [] {
                Child::await_release();
                return "lived";
              }};
  must(Plane::guard(lab_->options.pin_dir, {daemon.pid()}));
  EXPECT_EQ(as_agent(run_, [&] { return said(::kill(daemon.pid(), SIGKILL)); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(::kill(daemon.pid(), 0)); }), "ok");
  EXPECT_EQ(as_agent(run_, [&] { return said(::kill(other.pid(), SIGCONT)); }), "ok");
  EXPECT_EQ(said(::kill(daemon.pid(), SIGCONT)), "ok") << "outside of every run";
  EXPECT_EQ(other.result(), "lived");  // first: it holds the pipe that the daemon waits at
  EXPECT_EQ(daemon.result(), "lived");
  EXPECT_EQ(count("signal"), 1u);
}

TEST_F(LsmLayer, RefusesToTakeItAway) {
  const std::string pin = lab_->options.pin_dir + "/links/sluice_connect4";
  const std::string bpffs = lab_->options.pin_dir.substr(0, lab_->options.pin_dir.rfind('/'));
  EXPECT_EQ(as_agent(run_, [&] { return said(::unlink(pin.c_str())); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(::rename(pin.c_str(), (pin + "x").c_str())); }),
            "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(bpf_obj_get(pin.c_str())); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [&] { return said(::umount2(bpffs.c_str(), MNT_DETACH)); }), "EPERM");
  EXPECT_EQ(as_agent(run_, [] { return said(::mount("x", "/tmp", "tmpfs", 0, nullptr)); }),
            "EPERM");
  EXPECT_EQ(as_agent(run_,
                     [&] {
                       if (::unshare(CLONE_NEWNS) != 0) return std::string{"no namespace"};
                       std::string all = said(::mount("x", "/tmp", "tmpfs", 0, nullptr)) + " ";
                       all += said(::umount2("/tmp", 0)) + " ";
                       return all + said(::umount2(bpffs.c_str(), MNT_DETACH));
                     }),
            "ok ok EPERM");
  EXPECT_EQ(count("pins"), 2u);
  EXPECT_EQ(count("bpf_call"), 1u);
  EXPECT_EQ(count("mount"), 3u);
}

TEST_F(LsmLayer, RefusesNamespacesAndRingsThatWorkOutsideOfTheRun) {
  EXPECT_EQ(as_agent(run_, [] { return said(::unshare(CLONE_NEWUSER)); }), "EPERM");
  EXPECT_EQ(
      as_agent(run_,
               [] {
                 io_uring_params parameters{};
                 parameters.flags = IORING_SETUP_SQPOLL;
                 return said(static_cast<int>(::syscall(SYS_io_uring_setup, 1u, &parameters)));
               }),
      "EPERM");
  EXPECT_EQ(count("user_namespace"), 1u);
  EXPECT_EQ(count("io_uring"), 1u);
}

TEST_F(LsmLayer, RefusesTheDaemonsPort) {
  const auto bind_it = [&] {
    const UniqueFd fd = tcp_socket();
    const Address to{"127.0.0.2", listener_->port};
    return said(::bind(fd.get(), to.get(), to.length));
  };
  EXPECT_EQ(as_agent(run_, bind_it), "EPERM");
  EXPECT_EQ(count("listener_port"), 1u);
  EXPECT_EQ(bind_it(), "ok") << "outside of every run";
}

// The last ones of the suite: they take the layer away in the end.
TEST_F(LsmLayer, RestartRenewsItAndRemovalEndsIt) {
  const auto packet_socket = [] { return make(AF_PACKET, SOCK_RAW); };
  lab_->drop_daemon();
  PlaneOptions broken = lab_->options;
  broken.lsm_works = [] { return Result<void>{Error{"the canary is silent"}}; };
  const auto loaded = Plane::load(broken);
  ASSERT_FALSE(loaded.ok()) << "what cannot be renewed must not be given up";
  EXPECT_NE(loaded.error().text().find("the canary is silent"), std::string::npos);
  EXPECT_EQ(as_agent(run_, packet_socket), "EAFNOSUPPORT");

  Child left{run_, [&] {
               const UniqueFd early = tcp_socket();
               Child::await_release();
               return connect_with(early, server_) + " " + make(AF_INET, SOCK_STREAM);
             }};
  for (int i = 0; i < 200; ++i) ::usleep(5'000);
  move(left.pid(), elsewhere_);
  lab_->load();
  EXPECT_TRUE(lab_->plane->lsm().active);
  EXPECT_EQ(left.result(), "EPERM EPERM") << "tags outlive a restart";
  EXPECT_EQ(as_agent(run_, packet_socket), "EAFNOSUPPORT");

  lab_->drop_daemon();
  EXPECT_EQ(as_agent(run_, packet_socket), "EAFNOSUPPORT") << "pinned";
  must(Plane::remove(lab_->options.pin_dir));
  // The kernel takes a program out some time after its last link is gone.
  std::string after = as_agent(run_, packet_socket);
  for (int i = 0; i < 600 && after != "ok"; ++i, ::usleep(50'000))
    after = as_agent(run_, packet_socket);
  EXPECT_EQ(after, "ok");
  lab_->load();
}

TEST_F(LsmLayer, IsWhatTheProbeSays) {
  for (const Feature& feature : probe())
    if (feature.id.find("lsm") != std::string::npos) {
      EXPECT_TRUE(feature.held) << feature.id << ": " << feature.why_not;
    }
}

// --- where it is absent
// -----------------------------------------------------------------------------------

TEST(WithoutTheLsmLayer, ThePlaneIsWholeAndSaysWhyItIsMissing) {
  Lab lab{[](PlaneOptions& options) {
    options.lsm_works = [] { return Result<void>{Error{"the canary is silent"}}; };
  }};
  EXPECT_FALSE(lab.plane->lsm().active);
  EXPECT_EQ(lab.plane->lsm().why_not, "the canary is silent");
  EXPECT_TRUE(lab.plane->lsm().families.empty());
  const Listener listener{"127.0.0.1"};
  must(lab.maps->set_listeners({listener.endpoint()}));
  const std::string run = lab.make_run("run");
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 5432}); }), "ok 127.1.2.3:5432");
  lab.load();
  EXPECT_EQ(lab.plane->lsm().why_not, "the canary is silent");
}

TEST(WithoutTheLsmLayer, TheFeaturesSaySoForEachFamily) {
  LsmState state;
  state.why_not = "the canary is silent";
  std::vector<Feature> features = probe_without_lsm();
  add_lsm_features(features, state);
  ASSERT_EQ(features.size(), feature_ids().size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    EXPECT_EQ(features[i].id, feature_ids()[i]);
    if (features[i].id.find("lsm") == std::string::npos) continue;
    EXPECT_FALSE(features[i].held) << features[i].id;
    EXPECT_EQ(features[i].why_not, features[i].id == "bpf_lsm" ? "the canary is silent"
                                                               : "bpf_lsm is absent, see there");
  }
}

TEST(LsmFamilies, NameTheProgramsThatTheyHave) {
  for (const LsmFamily& family : lsm_families()) {
    const BpfObject object = must(open_object(family.object));
    std::vector<std::string> programs;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get())
        programs.push_back(bpf_program__name(program));
    std::sort(programs.begin(), programs.end());
    std::vector<std::string> named = family.programs;
    std::sort(named.begin(), named.end());
    EXPECT_EQ(programs, named) << family.object.name;
  }
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
