// SPDX-License-Identifier: Apache-2.0
// The worker's seccomp filter: what a server of threads, sockets, files and BPF maps calls, by
// name. Everything else fails with EPERM, which a library survives and a person can find with
// strace. What none of our libraries ever calls and an exploit calls first kills the process
// instead, so that an attempt ends the attacker's hold and shows in the keeper's log.
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "keeper/sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLUICE_SANITIZED 1
#endif
#endif

namespace sluice::keeper {
namespace {

constexpr const char* kAllowed[] = {
    // memory (mmap and mprotect are below)
    "brk", "munmap", "mremap", "madvise", "msync", "mincore", "membarrier", "mlock", "munlock",
    // threads and their end
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu", "exit",
    "exit_group", "restart_syscall", "gettid", "getpid", "getppid", "arch_prctl",
    // time
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
    "times", "timerfd_create", "timerfd_settime", "timerfd_gettime",
    // waiting
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "poll", "ppoll", "select", "pselect6", "eventfd", "eventfd2", "signalfd", "signalfd4",
    // signals; sending one is below
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
    "rt_sigsuspend", "sigaltstack",
    // descriptors
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "lseek", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "pipe", "pipe2",
    "splice", "tee", "sendfile", "copy_file_range", "fadvise64", "readahead",
    // files: the state directory, certificates, /etc/hosts and the like, as the worker's user
    "open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs",
    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "chdir", "fchdir",
    "getdents64", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "link", "linkat", "truncate", "ftruncate", "fallocate", "fsync", "fdatasync",
    "syncfs", "sync_file_range", "flock", "chmod", "fchmod", "fchmodat", "umask", "utimensat",
    "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "memfd_create",
    // sockets; socket() and socketpair() are below
    "bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    // who we and our callers are; SQLite asks geteuid before it changes an owner
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "uname",
    "sysinfo", "getrusage", "getrlimit", "getrandom", "pidfd_open", "capget"};

constexpr const char* kKilled[] = {
    // a new program, another process's memory
    "execve", "execveat",
#ifndef SLUICE_SANITIZED
    "ptrace", "process_vm_readv", "process_vm_writev",
#endif
    "pidfd_getfd", "kcmp",
    // the kernel itself
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
    "iopl", "ioperm", "userfaultfd", "perf_event_open", "open_by_handle_at",
    // other namespaces and mounts, the beginning of most ways out
    "setns", "unshare", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    // key rings: nothing here keeps a key in one
    "keyctl", "add_key", "request_key"};

#ifdef SLUICE_SANITIZED
// LeakSanitizer stops the world from a tracer process that it clones, and the runtimes ask for
// limits, personalities and signals of their own.
constexpr const char* kForSanitizers[] = {"clone",
                                          "wait4",
                                          "waitid",
                                          "ptrace",
                                          "process_vm_readv",
                                          "prctl",
                                          "kill",
                                          "tgkill",
                                          "tkill",
                                          "personality",
                                          "prlimit64",
                                          "setrlimit",
                                          "mmap",
                                          "mprotect",
                                          "ioctl",
                                          "getpgrp",
                                          "setpgid",
                                          "getpgid",
                                          "getsid",
                                          "rt_sigqueueinfo",
                                          "rt_tgsigqueueinfo",
                                          "sched_setaffinity",
                                          "process_madvise"};
#endif

struct FreeFilter {
  void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

// Collects rules and remembers the first failure, so that the list below reads as a list.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    const int number = ::seccomp_syscall_resolve_name(name);
    // A name that this libseccomp or this architecture does not have stays with the default, EPERM.
    if (number == __NR_SCMP_ERROR || failed_ != 0) return;
    const int status = ::seccomp_rule_add_array(filter_, action, number,
                                                static_cast<unsigned>(when.size()), when.begin());
    if (status != 0) failed_ = -status;
  }
  void allow(const char* name, std::initializer_list<scmp_arg_cmp> when) {
    add(SCMP_ACT_ALLOW, name, when);
  }
  int failed() const { return failed_; }

 private:
  scmp_filter_ctx filter_;
  int failed_ = 0;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp bits(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void add_sockets(Rules& rules) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6})
    for (const int type : {SOCK_STREAM, SOCK_DGRAM})
      rules.allow("socket", {equals(0, static_cast<std::uint64_t>(family)),
                             bits(1, 0xf, static_cast<std::uint64_t>(type))});
  // getaddrinfo asks which addresses this host has.
  rules.allow("socket", {equals(0, AF_NETLINK), equals(2, NETLINK_ROUTE)});
  rules.allow("socketpair", {equals(0, AF_UNIX)});
}

void add_bpf(Rules& rules) {
  // Maps whose descriptors were inherited. No loading, no attaching, no id to descriptor.
  for (const int command :
       {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
        BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_OBJ_GET_INFO_BY_FD})
    rules.allow("bpf", {equals(0, static_cast<std::uint64_t>(command))});
}

void add_memory(Rules& rules) {
  // dlopen() of a name service maps code from files. Nothing here makes code at run time, so
  // nothing may be both writable and executable, nor become executable later.
  for (const int mode : {0, PROT_EXEC})
    rules.allow("mmap", {bits(2, PROT_WRITE | PROT_EXEC, static_cast<std::uint64_t>(mode))});
  rules.allow("mmap", {bits(2, PROT_WRITE | PROT_EXEC, PROT_WRITE)});
  rules.allow("mprotect", {bits(2, PROT_EXEC, 0)});
}

void add_processes(Rules& rules) {
  // Threads only. clone3 hides its flags behind a pointer: glibc takes ENOSYS as "use clone".
  rules.allow("clone", {bits(0, CLONE_THREAD, CLONE_THREAD)});
  rules.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  // abort() and pthread_kill(): to ourselves.
  rules.allow("tgkill", {equals(0, static_cast<std::uint64_t>(::getpid()))});
  rules.allow("prlimit64", {equals(2, 0)});  // reading
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS,
                           PR_CAPBSET_READ, PR_SET_VMA})
    rules.allow("prctl", {equals(0, static_cast<std::uint64_t>(option))});
}

void add_ioctls(Rules& rules) {
  // Asio, isatty(), and how much of a socket's queue is not acknowledged yet (SIOCOUTQ).
  for (const unsigned long request : {FIONBIO, FIONREAD, FIOCLEX, TIOCOUTQ, TCGETS, TIOCGWINSZ})
    rules.allow("ioctl", {equals(1, request)});
}

Result<void> load(scmp_filter_ctx filter) {
  Rules rules{filter};
  for (const char* name : kAllowed) rules.add(SCMP_ACT_ALLOW, name);
  for (const char* name : kKilled) rules.add(SCMP_ACT_KILL_PROCESS, name);
#ifdef SLUICE_SANITIZED
  for (const char* name : kForSanitizers) rules.add(SCMP_ACT_ALLOW, name);
#endif
  add_sockets(rules);
  add_bpf(rules);
  add_memory(rules);
  add_processes(rules);
  add_ioctls(rules);
  if (rules.failed() != 0) return Error::sys(rules.failed(), "build the worker's seccomp filter");
  // Every thread gets it. Another architecture's numbers (i386, x32) would mean other calls.
  int status = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (status == 0)
    status = ::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  // A binary tree over the numbers: the filter is run for each of the hot path's calls.
  if (status == 0) status = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (status == 0) status = ::seccomp_load(filter);
  if (status != 0) return Error::sys(-status, "install the worker's seccomp filter");
  return {};
}

}  // namespace

Result<void> install_seccomp() {
  const Filter filter{::seccomp_init(SCMP_ACT_ERRNO(EPERM))};
  if (!filter) return Error("libseccomp could not begin a filter");
  return load(filter.get());
}

}  // namespace sluice::keeper
