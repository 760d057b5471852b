// SPDX-License-Identifier: Apache-2.0
#include "cli/launch/agent_filter.h"

#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>

namespace sluice::launch {
namespace {

struct FreeFilter {
  void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

constexpr std::uint32_t kNotPermitted = SCMP_ACT_ERRNO(EPERM);
constexpr std::uint32_t kNoSuchFamily = SCMP_ACT_ERRNO(EAFNOSUPPORT);
constexpr std::uint32_t kNoSuchProtocol = SCMP_ACT_ERRNO(EPROTONOSUPPORT);
constexpr std::uint32_t kNoSuchCall = SCMP_ACT_ERRNO(ENOSYS);

constexpr const char* kRefused[] = {
    // programs and maps of the kernel, ours among them
    "bpf",
    // rings whose operations (socket, connect, open) no seccomp filter sees
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    // another process's sockets: one that is outside of the run could be emptied of its own
    "pidfd_getfd",
    // other namespaces; a mount could also put another cgroup tree or /etc/hosts in place
    "setns", "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr",
    // files by handle reach around every directory
    "open_by_handle_at",
    // the kernel itself
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "iopl",
    "ioperm", "userfaultfd",
    // key rings, which are shared by user, not by run
    "keyctl", "add_key", "request_key"};

class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
      unknown_ = name;
      return;
    }
    const int status = ::seccomp_rule_add_array(filter_, action, number,
                                                static_cast<unsigned>(when.size()), when.begin());
    if (status != 0 && failed_ == 0) failed_ = -status;
  }
  // Unlike an allow-list, a list of refusals must be whole: a name that libseccomp does not know
  // would be let through.
  Result<void> outcome() const {
    if (unknown_ != nullptr)
      return Error(std::string("libseccomp does not know the system call '") + unknown_ +
                   "'; install libseccomp 2.5.4 or later");
    if (failed_ != 0) return Error::sys(failed_, "build the agent's seccomp filter");
    return {};
  }

 private:
  scmp_filter_ctx filter_;
  const char* unknown_ = nullptr;
  int failed_ = 0;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp differs(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_NE, value, 0};
}
scmp_arg_cmp above(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_GT, value, 0};
}
scmp_arg_cmp bits(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Refuses every value of the argument that is not in `allowed` (ascending). The kernel reads an int
// and the filter sees 64 bits: a value with its upper half set is above the last one, so refused.
void refuse_all_but(Rules& rules, std::uint32_t action, const char* name, unsigned argument,
                    std::initializer_list<std::uint64_t> allowed,
                    std::initializer_list<scmp_arg_cmp> family = {}) {
  const auto refuse = [&](scmp_arg_cmp value) {
    if (family.size() == 0)
      rules.add(action, name, {value});
    else
      rules.add(action, name, {*family.begin(), value});
  };
  std::uint64_t next = 0;
  for (const std::uint64_t value : allowed) {
    for (; next < value; ++next) refuse(equals(argument, next));
    next = value + 1;
  }
  refuse(above(argument, next - 1));
}

void add_sockets(Rules& rules) {
  refuse_all_but(rules, kNoSuchFamily, "socket", 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK});
  rules.add(kNoSuchFamily, "socketpair", {differs(0, AF_UNIX)});
  // getaddrinfo asks NETLINK_ROUTE which addresses the host has. NETLINK_SOCK_DIAG lists the
  // sockets of others, NETLINK_NETFILTER steers packets.
  rules.add(kNoSuchProtocol, "socket", {equals(0, AF_NETLINK), differs(2, NETLINK_ROUTE)});
  for (const std::uint64_t family : {AF_INET, AF_INET6}) {
    const scmp_arg_cmp same = equals(0, family);
    // Raw sockets, and the obsolete (AF_INET, SOCK_PACKET) that becomes an AF_PACKET socket.
    for (std::uint64_t type = 0; type <= 0xf; ++type)
      if (type != SOCK_STREAM && type != SOCK_DGRAM)
        rules.add(kNotPermitted, "socket", {same, bits(1, 0xf, type)});
    // MPTCP, SCTP, UDP-Lite, ICMP: connections that not every connect hook sees.
    refuse_all_but(rules, kNoSuchProtocol, "socket", 2, {IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP},
                   {same});
  }
}

void add_namespaces(Rules& rules) {
  for (const std::uint64_t flag : {CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWCGROUP}) {
    rules.add(kNotPermitted, "unshare", {bits(0, flag, flag)});
    rules.add(kNotPermitted, "clone", {bits(0, flag, flag)});
  }
  // Its flags, CLONE_INTO_CGROUP among them, are behind a pointer. Libraries take ENOSYS as "use
  // clone".
  rules.add(kNoSuchCall, "clone3");
}

Result<void> load(scmp_filter_ctx filter) {
  Rules rules{filter};
  for (const char* name : kRefused) rules.add(kNotPermitted, name);
  add_sockets(rules);
  add_namespaces(rules);
  SLUICE_TRY_VOID(rules.outcome());
  // i386 and x32 number their calls otherwise (and i386 has socketcall, with arguments in memory).
  int status = ::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (status == 0) status = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (status == 0) status = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (status == 0) status = ::seccomp_load(filter);
  if (status != 0) return Error::sys(-status, "install the agent's seccomp filter");
  return {};
}

}  // namespace

Result<void> install_agent_filter() {
  const Filter filter{::seccomp_init(SCMP_ACT_ALLOW)};
  if (!filter) return Error("libseccomp could not begin a filter");
  return load(filter.get());
}

}  // namespace sluice::launch
