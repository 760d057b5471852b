// SPDX-License-Identifier: Apache-2.0
#include "lab.h"
#include "base/cgroup_mount.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sluice/abi/flow.h>
#include <sluice/abi/query.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "kernel/cgroup.h"
#include "kernel/socket_address.h"

namespace sluice::kernel::testing_lab {
namespace {
int release_fd = -1;  // of a child, inherited

namespace fs = std::filesystem;
constexpr std::string_view kNames = "sluice-test-";  // then the process and a number

// Whether the test that made this was killed before it could remove it.
bool is_left_behind(const fs::path& made) {
  const std::string name = made.filename();
  if (!name.starts_with(kNames)) return false;
  const long pid = std::strtol(name.c_str() + kNames.size(), nullptr, 10);
  return pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
}

void remove_cgroups(const fs::path& cgroup) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{cgroup, ignored})
    if (entry.is_directory(ignored)) remove_cgroups(entry.path());
  ::rmdir(cgroup.c_str());
}

void remove_what_was_left_behind(const std::string& cgroup_mount) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/tmp", ignored})
    if (is_left_behind(entry.path())) {
      ::umount2((entry.path() / "bpf").c_str(), MNT_DETACH);
      fs::remove_all(entry.path(), ignored);
    }
  for (const auto& entry : fs::directory_iterator{cgroup_mount, ignored})
    if (is_left_behind(entry.path())) remove_cgroups(entry.path());
}

}  // namespace

void fail(const std::string& what) { throw std::runtime_error{what}; }

Address::Address(const std::string& ip, std::uint16_t port) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&storage, &v4, length = sizeof v4);
  } else if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&storage, &v6, length = sizeof v6);
  } else {
    fail("'" + ip + "' is no address");
  }
}

std::string text_of(const sockaddr_storage& address) {
  char ip[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof ip);
    return std::string{ip} + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof ip);
  return "[" + std::string{ip} + "]:" + std::to_string(ntohs(v6.sin6_port));
}

std::string errno_name(int err) {
  const char* name = ::strerrorname_np(err);
  return name != nullptr ? name : std::to_string(err);
}

Child::Child(const std::string& cgroup, const std::function<std::string()>& act) {
  int answer[2], go[2];
  if (::pipe2(answer, O_CLOEXEC) != 0 || ::pipe2(go, O_CLOEXEC) != 0) fail("pipe");
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    ::close(answer[0]);
    ::close(go[1]);
    release_fd = go[0];
    std::string said;
    try {
      if (!cgroup.empty() && !(std::ofstream{cgroup + "/cgroup.procs"} << "0" << std::flush))
        fail("could not enter " + cgroup);
      said = act();
    } catch (const std::exception& thrown) {
      said = std::string{"exception: "} + thrown.what();
    }
    const auto wrote = ::write(answer[1], said.data(), said.size());
    ::_exit(wrote == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(answer[1]);
  ::close(go[0]);
  from_child_.reset(answer[0]);
  go_.reset(go[1]);
}

int Child::release_descriptor() { return release_fd; }

void Child::await_release() {
  char byte = 0;
  while (::read(release_fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

std::string Child::result() {
  release();
  std::string said;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(from_child_.get(), buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : "died";
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string as_agent(const std::string& cgroup, const std::function<std::string()>& act) {
  return Child{cgroup, act}.result();
}

std::string connect_to(const Address& to, int type, int protocol) {
  const UniqueFd fd{::socket(to.storage.ss_family, type | SOCK_CLOEXEC, protocol)};
  if (!fd) return "socket " + errno_name(errno);
  if (::connect(fd.get(), to.get(), to.length) != 0) return errno_name(errno);
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length) != 0)
    return "getpeername " + errno_name(errno);
  return "ok " + text_of(peer);
}

void new_network_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) fail("make a network namespace: " + errno_name(errno));
  const UniqueFd any{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq lo{};
  std::memcpy(lo.ifr_name, "lo", 3);
  lo.ifr_flags = IFF_UP;
  if (::ioctl(any.get(), SIOCSIFFLAGS, &lo) != 0) fail("set lo up: " + errno_name(errno));
}

Listener::Listener(const std::string& on, int backlog) : ip(on) {
  const Address address{on, 0};
  fd.reset(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (!fd || ::bind(fd.get(), address.get(), address.length) != 0 ||
      ::listen(fd.get(), backlog) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0)
    fail("listen on " + on + ": " + errno_name(errno));
  port = must(endpoint_of(bound)).port;
}

UniqueFd Listener::accept() const {
  UniqueFd accepted{::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!accepted) fail("accept: " + errno_name(errno));
  return accepted;
}

Endpoint Listener::endpoint() const { return {*parse_ip(ip), port}; }

Lab::Lab(const std::function<void(PlaneOptions&)>& adjust) {
  if (::geteuid() != 0) fail("the kernel tests load BPF programs: run them as root");
  static int number = 0;
  if (number == 0) remove_what_was_left_behind(must(find_cgroup_mount()).path);
  const std::string name =
      std::string{kNames} + std::to_string(::getpid()) + "-" + std::to_string(++number);
  scratch_ = "/tmp/" + name;
  if (::mkdir(scratch_.c_str(), 0700) != 0) fail("make " + scratch_);
  root = must(find_cgroup_mount()).path + "/" + name;
  if (::mkdir(root.c_str(), 0755) != 0) fail("make " + root);
  cgroups_.push_back(root);
  options.cgroup_root = root;
  options.pin_dir = scratch_ + "/bpf/pins";
  options.run_capacity = 64;
  options.verdict_capacity = 64;
  // It decides for the whole host, and takes seconds to attach in a virtual machine.
  options.lsm_works = [] { return Result<void>{Error{"left out: the test is of other things"}}; };
  options.flow_capacity = 4096;
  options.query_capacity = 256;
  options.event_bytes = 1 << 20;
  if (adjust) adjust(options);
  load();
}

void Lab::drop_daemon() {
  reader.reset();
  maps.reset();
  plane.reset();
}

void Lab::load() {
  drop_daemon();
  plane.emplace(must(Plane::load(options)));
  auto descriptors = must(plane->descriptors());
  reader.emplace(must(EventReader::open(std::move(descriptors[MapName::kEvents]),
                                        std::move(descriptors[MapName::kAudited]))));
  maps = must(KernelMaps::adopt(must(plane->descriptors()), must(find_cgroup_mount()).path));
  must(maps->set_alive_until(~std::uint64_t{0}));
}

Lab::~Lab() {
  drop_daemon();
  (void)!Plane::remove(options.pin_dir).ok();
  ::rmdir((scratch_ + "/bpf").c_str());
  ::rmdir(scratch_.c_str());
  for (auto cgroup = cgroups_.rbegin(); cgroup != cgroups_.rend(); ++cgroup) {
    // A child that was just waited for may still be on its way out of the cgroup.
    for (int attempt = 0; ::rmdir(cgroup->c_str()) != 0 && errno == EBUSY && attempt < 1000;
         ++attempt)
      ::usleep(1000);
  }
}

std::string Lab::make_cgroup(const std::string& name) {
  const std::string path = root + "/" + name;
  if (::mkdir(path.c_str(), 0755) != 0) fail("make " + path);
  cgroups_.push_back(path);
  return path;
}

std::string Lab::make_run(const std::string& name, std::uint32_t subject) {
  const std::string path = make_cgroup(name);
  must(maps->add_run(id_of(path), subject));
  return path;
}

std::uint64_t Lab::id_of(const std::string& cgroup) const { return must(cgroup_id_of(cgroup)); }

std::vector<KernelEvent> Lab::events() {
  std::vector<KernelEvent> all;
  must(reader->drain([&](const KernelEvent& event) { all.push_back(event); }));
  return all;
}

namespace {

template <class Key>
std::size_t count_keys(int fd) {
  std::size_t records = 0;
  Key key{}, next{};
  for (int failed = bpf_map_get_next_key(fd, nullptr, &next); failed == 0; ++records) {
    key = next;
    failed = bpf_map_get_next_key(fd, &key, &next);
  }
  return records;
}

}  // namespace

std::size_t Lab::flow_records() const {
  const auto descriptors = must(plane->descriptors());
  return count_keys<sluice_flow_key>(descriptors[MapName::kFlows].get());
}

std::size_t Lab::query_records() const {
  const auto descriptors = must(plane->descriptors());
  return count_keys<sluice_query_key>(descriptors[MapName::kQueries].get());
}

std::uint64_t Lab::count(const std::string& reason) const {
  return must(maps->counters()).at(reason);
}

VerdictEntry verdict_for(const std::string& ip, std::uint16_t port, ConnectVerdict verdict,
                         std::uint8_t ip_protocol, std::uint8_t prefix_length) {
  VerdictEntry entry;
  entry.subject = 1;
  entry.network = *parse_ip(ip);
  entry.prefix_length = prefix_length;
  entry.port = port;
  entry.ip_protocol = ip_protocol;
  entry.verdict = verdict;
  entry.rule = 9;
  if (verdict == ConnectVerdict::kDeny) entry.denied_errno = EHOSTUNREACH;
  return entry;
}

}  // namespace sluice::kernel::testing_lab
