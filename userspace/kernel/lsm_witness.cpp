// SPDX-License-Identifier: Apache-2.0
#include "kernel/lsm_witness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sluice/abi/lsm.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace sluice::kernel {
namespace {

struct Scene {
  int witness = -1;  // the map that is the object's .bss
};

std::uint64_t this_thread() {
  return (static_cast<std::uint64_t>(::getpid()) << 32) |
         static_cast<std::uint32_t>(::syscall(SYS_gettid));
}

Result<void> watch_this_thread(int witness, sluice_witness& seen) {
  const __u32 zero = 0;
  seen.thread = this_thread();
  if (bpf_map_update_elem(witness, &zero, &seen, BPF_ANY) != 0)
    return Error::sys(errno, "watch this thread's calls of LSM programs");
  return {};
}

// --- acts: what fails in one of them is seen as a program that was not called ---

// Runs `act` in a child, whose calls are counted too.
template <class Act>
void in_child(const Scene& scene, Act act) {
  const pid_t child = ::fork();
  if (child == 0) {
    sluice_witness seen{};
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(scene.witness, &zero, &seen) == 0 &&
        watch_this_thread(scene.witness, seen))
      act();
    ::_exit(0);
  }
  if (child > 0)
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

UniqueFd inet_socket() { return UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}; }

void make_socket(const Scene&) { const UniqueFd made = inet_socket(); }

// Bound, but not listening: a connect to it is refused.
UniqueFd bound_socket(sockaddr_in& address) {
  UniqueFd bound{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    bound.reset();
  return bound;
}

void connect_in_vain(const Scene&) {
  sockaddr_in address{};
  const UniqueFd bound = bound_socket(address);
  const UniqueFd other = inet_socket();
  if (bound) (void)!::connect(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
}

void send_unconnected(const Scene&) {
  const UniqueFd made = inet_socket();
  (void)!::send(made.get(), "", 1, MSG_NOSIGNAL);
}

void set_an_option(const Scene&) {
  const UniqueFd made = inet_socket();
  const int on = 1;
  (void)!::setsockopt(made.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void listen_and_accept_nobody(const Scene&) {
  sockaddr_in address{};
  const UniqueFd bound = bound_socket(address);
  if (bound && ::listen(bound.get(), 1) == 0) (void)!::accept(bound.get(), nullptr, nullptr);
}

void pass_a_socket(const Scene&) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) != 0) return;
  const UniqueFd from{both[0]}, to{both[1]};
  const UniqueFd passed = inet_socket();
  const int number = passed.get();
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof number)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof number);
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  if (::sendmsg(from.get(), &message, MSG_NOSIGNAL) != 1) return;
  if (::recvmsg(to.get(), &message, MSG_CMSG_CLOEXEC) != 1) return;
  header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
  int received = -1;
  std::memcpy(&received, CMSG_DATA(header), sizeof received);
  const UniqueFd closed{received};
}

void fork_a_child(const Scene& scene) {
  in_child(scene, [] {});
}

// A file that no format fits: the kernel asks the LSM, then gives up.
void start_no_program(const Scene&) {
  const UniqueFd file{::memfd_create("sluice", MFD_CLOEXEC)};
  if (!file || ::write(file.get(), "none", 4) != 4) return;
  const char* const nothing[] = {nullptr};
  const char* const name[] = {"none", nullptr};
  ::syscall(SYS_execveat, file.get(), "", name, nothing, AT_EMPTY_PATH);
}

void open_a_file(const Scene&) { const UniqueFd opened{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

void bind_a_socket(const Scene&) {
  sockaddr_in address{};
  const UniqueFd bound = bound_socket(address);
}

void look_at_the_parent(const Scene& scene) {
  const std::string link = "/proc/" + std::to_string(::getpid()) + "/exe";
  in_child(scene, [&] {
    char target[16];
    (void)!::readlink(link.c_str(), target, sizeof target);
  });
}

void be_traced_for_a_moment(const Scene& scene) {
  in_child(scene, [] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); });
}

void signal_nothing(const Scene&) { ::kill(::getpid(), 0); }

void ask_bpf(const Scene& scene) {
  const __u32 zero = 0;
  sluice_witness seen{};
  (void)!bpf_map_lookup_elem(scene.witness, &zero, &seen);
}

void rename_and_unlink_a_file(const Scene&) {
  char directory[] = "/tmp/sluice-witness-XXXXXX";
  if (::mkdtemp(directory) == nullptr) return;
  const std::string first = std::string{directory} + "/a", second = std::string{directory} + "/b";
  { const UniqueFd made{::open(first.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)}; }
  ::rename(first.c_str(), second.c_str());
  ::unlink(second.c_str());
  ::unlink(first.c_str());
  ::rmdir(directory);
}

// The kernel asks the LSM before it sees that each of these makes no sense.
void bind_nothing(const Scene&) { (void)!::mount("", "/", nullptr, MS_BIND, nullptr); }
void move_the_root(const Scene&) { ::syscall(SYS_move_mount, AT_FDCWD, "/", AT_FDCWD, "/", 0u); }

// In a mount namespace of its own.
void mount_and_unmount(const Scene& scene) {
  in_child(scene, [] {
    if (::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("sluice", "/tmp", "tmpfs", 0, nullptr) == 0)
      (void)!::umount2("/tmp", 0);
  });
}

void make_a_user_namespace(const Scene& scene) {
  in_child(scene, [] { (void)!::unshare(CLONE_NEWUSER); });
}

UniqueFd make_ring(io_uring_params& parameters) {
  return UniqueFd{static_cast<int>(::syscall(SYS_io_uring_setup, 1u, &parameters))};
}

void make_a_polling_ring(const Scene&) {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SQPOLL;
  const UniqueFd ring = make_ring(parameters);
}

// One operation that does nothing, with this thread's own credentials by their number.
void submit_with_credentials(const Scene&) {
  io_uring_params parameters{};
  const UniqueFd ring = make_ring(parameters);
  if (!ring) return;
  const long credentials =
      ::syscall(SYS_io_uring_register, ring.get(), IORING_REGISTER_PERSONALITY, nullptr, 0u);
  const std::size_t queue_bytes = parameters.sq_off.array + sizeof(__u32);
  void* queue = ::mmap(nullptr, queue_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring.get(),
                       IORING_OFF_SQ_RING);
  void* entries = ::mmap(nullptr, sizeof(io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
                         ring.get(), IORING_OFF_SQES);
  if (credentials > 0 && queue != MAP_FAILED && entries != MAP_FAILED) {
    auto* entry = static_cast<io_uring_sqe*>(entries);
    *entry = {};
    entry->opcode = IORING_OP_NOP;
    entry->personality = static_cast<__u16>(credentials);
    auto* words = static_cast<char*>(queue);
    *reinterpret_cast<__u32*>(words + parameters.sq_off.array) = 0;
    __atomic_store_n(reinterpret_cast<__u32*>(words + parameters.sq_off.tail), 1u,
                     __ATOMIC_RELEASE);
    ::syscall(SYS_io_uring_enter, ring.get(), 1u, 0u, 0u, nullptr, std::size_t{0});
  }
  if (queue != MAP_FAILED) ::munmap(queue, queue_bytes);
  if (entries != MAP_FAILED) ::munmap(entries, sizeof(io_uring_sqe));
}

// Whether the kernel refuses, to anybody, what the act needs: then there is nothing to hold.
bool rings_are_off() {
  io_uring_params parameters{};
  return !make_ring(parameters) && (errno == ENOSYS || errno == EPERM);
}
bool user_namespaces_are_off() {
  std::ifstream limit{"/proc/sys/user/max_user_namespaces"};
  long most = 1;
  return !(limit >> most) || most == 0;
}
bool never() { return false; }

struct Waking {
  sluice_lsm_program place;
  std::string_view program;
  void (*act)(const Scene&);
  bool (*needless)() = never;
};

constexpr std::array kWakings{
    Waking{SLUICE_LSM_TASK_ALLOC, "sluice_lsm_task_alloc", fork_a_child},
    Waking{SLUICE_LSM_BPRM_CHECK, "sluice_lsm_bprm_check", start_no_program},
    Waking{SLUICE_LSM_SOCKET_POST_CREATE, "sluice_lsm_socket_post_create", make_socket},
    Waking{SLUICE_LSM_SOCKET_CONNECT, "sluice_lsm_socket_connect", connect_in_vain},
    Waking{SLUICE_LSM_SOCKET_SENDMSG, "sluice_lsm_socket_sendmsg", send_unconnected},
    Waking{SLUICE_LSM_SOCKET_LISTEN, "sluice_lsm_socket_listen", listen_and_accept_nobody},
    Waking{SLUICE_LSM_SOCKET_ACCEPT, "sluice_lsm_socket_accept", listen_and_accept_nobody},
    Waking{SLUICE_LSM_FILE_RECEIVE, "sluice_lsm_file_receive", pass_a_socket},
    Waking{SLUICE_LSM_SOCKET_CREATE, "sluice_lsm_socket_create", make_socket},
    Waking{SLUICE_LSM_FILE_OPEN, "sluice_lsm_file_open", open_a_file},
    Waking{SLUICE_LSM_SOCKET_BIND, "sluice_lsm_socket_bind", bind_a_socket},
    Waking{SLUICE_LSM_SOCKET_SETSOCKOPT, "sluice_lsm_socket_setsockopt", set_an_option},
    Waking{SLUICE_LSM_PTRACE_ACCESS, "sluice_lsm_ptrace_access", look_at_the_parent},
    Waking{SLUICE_LSM_PTRACE_TRACEME, "sluice_lsm_ptrace_traceme", be_traced_for_a_moment},
    Waking{SLUICE_LSM_TASK_KILL, "sluice_lsm_task_kill", signal_nothing},
    Waking{SLUICE_LSM_BPF, "sluice_lsm_bpf", ask_bpf},
    Waking{SLUICE_LSM_INODE_UNLINK, "sluice_lsm_inode_unlink", rename_and_unlink_a_file},
    Waking{SLUICE_LSM_INODE_RENAME, "sluice_lsm_inode_rename", rename_and_unlink_a_file},
    Waking{SLUICE_LSM_SB_MOUNT, "sluice_lsm_sb_mount", bind_nothing},
    Waking{SLUICE_LSM_SB_UMOUNT, "sluice_lsm_sb_umount", mount_and_unmount},
    Waking{SLUICE_LSM_MOVE_MOUNT, "sluice_lsm_move_mount", move_the_root},
    Waking{SLUICE_LSM_USERNS_CREATE, "sluice_lsm_userns_create", make_a_user_namespace,
           user_namespaces_are_off},
    Waking{SLUICE_LSM_URING_SQPOLL, "sluice_lsm_uring_sqpoll", make_a_polling_ring, rings_are_off},
    Waking{SLUICE_LSM_URING_CREDS, "sluice_lsm_uring_creds", submit_with_credentials,
           rings_are_off},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kWakings.size(); ++i)
    if (kWakings[i].place != i) return false;
  return kWakings.size() == SLUICE_LSM_PROGRAM_COUNT;
}
static_assert(in_order(), "a program of the LSM layer has no act that wakes it");

const Waking* waking_of(std::string_view program) {
  for (const Waking& waking : kWakings)
    if (waking.program == program) return &waking;
  return nullptr;
}

}  // namespace

Result<void> see_programs_called(bpf_object* object) {
  const bpf_map* memory = bpf_object__find_map_by_name(object, ".bss");
  if (memory == nullptr || bpf_map__value_size(memory) != sizeof(sluice_witness))
    return Error{"the object has no witness: it is of another build"};
  const Scene scene{bpf_map__fd(memory)};
  const __u32 zero = 0;
  sluice_witness seen{};
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const Waking* waking = waking_of(bpf_program__name(program));
    if (waking == nullptr)
      return Error{std::string{"no act is known that wakes "} + bpf_program__name(program)};
    seen = {};
    SLUICE_TRY_VOID(watch_this_thread(scene.witness, seen));
    waking->act(scene);
    if (bpf_map_lookup_elem(scene.witness, &zero, &seen) != 0)
      return Error::sys(errno, "read the witness of LSM programs");
    const std::uint64_t calls = seen.calls[waking->place];
    seen = {};
    if (bpf_map_update_elem(scene.witness, &zero, &seen, BPF_ANY) != 0)
      return Error::sys(errno, "end the watch over LSM programs");
    if (calls == 0 && !waking->needless())
      return Error{std::string{bpf_program__name(program)} +
                   " is attached, but the kernel did not call it"};
  }
  return {};
}

}  // namespace sluice::kernel
