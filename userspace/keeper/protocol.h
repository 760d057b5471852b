// SPDX-License-Identifier: Apache-2.0
// What the worker may ask the keeper: fixed structs over a SOCK_SEQPACKET socketpair, one datagram
// per request and one per reply, descriptors by SCM_RIGHTS. There is nothing to parse: a datagram
// whose size, magic or tag is not exactly right is refused. The keeper treats each one as hostile,
// because the worker reads bytes from the network and may have been taken over.
//
// Cgroup paths are below the cgroup2 mount and begin with '/', as Run::cgroup_path has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sluice::keeper {

constexpr std::uint32_t kMagic = 0x534c4b31;  // "SLK1"; both ends come from one fork of one program

// Bounded by what a cgroup or a file may be named here, not by PATH_MAX; with the final NUL.
constexpr std::size_t kPathBytesMax = 1024;
constexpr std::size_t kErrorBytesMax = 2048;
constexpr std::size_t kRunIdBytesMax = 32;
// Named in one answer; what is beyond is counted.
constexpr std::size_t kCensusMax = 1024;
// Far more than one run is given listeners in.
constexpr std::size_t kNamespacesMax = 64;
// A password, a key or a PEM chain; a larger file is a mistake in the configuration.
constexpr std::size_t kSecretBytesMax = 64 * 1024;

enum class RequestType : std::uint32_t {
  kMakeRunCgroup = 1,
  kEnrolCgroup,
  kMoveProcess,
  kRemoveRunCgroup,
  kKillRun,
  kReadSecret,
  kDestroySockets,
  kOpenInNamespace,
  kTakeSuccessor,
  kHandedOver,
  kTakeOver,  // of a new sluiced, not of the worker: keeper/hand_over.h
  kTakeCensus,
  kListNamespaces,
};

struct Head {
  std::uint32_t magic = kMagic;
  RequestType type{};
};

struct Path {
  char text[kPathBytesMax] = {};  // ends with a NUL
};

// Makes the cgroup `parent`/`run_id`. An empty parent stands for the directory of all runs.
struct MakeRunCgroup {
  static constexpr RequestType kType = RequestType::kMakeRunCgroup;
  Head head{.type = kType};
  Path parent;
  char run_id[kRunIdBytesMax] = {};  // "run-" and 16 hex digits
};

// From now on, and for the life of the keeper, the cgroup counts as a run: nothing below it is
// moved out of it, and runs may be made in it. It can only narrow what the keeper does.
struct EnrolCgroup {
  static constexpr RequestType kType = RequestType::kEnrolCgroup;
  Head head{.type = kType};
  Path cgroup;
};

// One descriptor comes along: a pidfd.
struct MoveProcess {
  static constexpr RequestType kType = RequestType::kMoveProcess;
  Head head{.type = kType};
  Path run_cgroup;
};

// The cgroup and what is below it must hold no process.
struct RemoveRunCgroup {
  static constexpr RequestType kType = RequestType::kRemoveRunCgroup;
  Head head{.type = kType};
  Path run_cgroup;
};

// SIGKILL to every process in the run and in the runs below it.
struct KillRun {
  static constexpr RequestType kType = RequestType::kKillRun;
  Head head{.type = kType};
  Path run_cgroup;
};

struct ReadSecret {
  static constexpr RequestType kType = RequestType::kReadSecret;
  Head head{.type = kType};
  Path file;  // absolute, below one of the configured directories
};

struct DestroySockets {
  static constexpr RequestType kType = RequestType::kDestroySockets;
  Head head{.type = kType};
  Path cgroup;  // of a run, or enrolled
};

// What the processes of a cgroup are connected to, and the end of it where `kill` is 1.
struct TakeCensus {
  static constexpr RequestType kType = RequestType::kTakeCensus;
  Head head{.type = kType};
  Path cgroup;  // of a run, or enrolled
  std::uint32_t kill = 0;
};

// A socket on the loopback address at a port that the kernel chooses, in the network namespace of a
// process. One descriptor comes along: its pidfd. It must be in a run or an enrolled cgroup now.
enum class Transport : std::uint32_t { kTcpListener = 1, kUdp };
struct OpenInNamespace {
  static constexpr RequestType kType = RequestType::kOpenInNamespace;
  Head head{.type = kType};
  std::uint32_t ip_version = 0;  // 4 or 6
  Transport transport{};
};

// The network namespaces of a cgroup's processes, but for the daemon's own.
struct ListNamespaces {
  static constexpr RequestType kType = RequestType::kListNamespaces;
  Head head{.type = kType};
  Path cgroup;  // of a run, or enrolled
};

// A new daemon has asked to take over (the worker was told by SIGUSR1). The channel to it comes
// along with the reply.
struct TakeSuccessor {
  static constexpr RequestType kType = RequestType::kTakeSuccessor;
  Head head{.type = kType};
};

// The new daemon serves now: this keeper's end leaves the kernel alone.
struct HandedOver {
  static constexpr RequestType kType = RequestType::kHandedOver;
  Head head{.type = kType};
};

// Every reply. A reply to a request of unknown type is a bare ReplyHead.
struct ReplyHead {
  std::uint32_t magic = kMagic;
  std::int32_t failed = 0;  // 1: `error` says why
  std::int32_t code = 0;    // errno where one applies
  char error[kErrorBytesMax] = {};
};

struct PlainReply {
  ReplyHead head;
};

struct CgroupReply {
  ReplyHead head;
  std::uint32_t reserved = 0;
  std::uint64_t cgroup_id = 0;  // inode of the directory
  Path path;
};

struct SecretReply {
  ReplyHead head;
  std::uint32_t size = 0;
  std::uint8_t bytes[kSecretBytesMax] = {};
};

struct CountReply {
  ReplyHead head;
  std::uint32_t reserved = 0;
  std::uint64_t count = 0;
};

struct CensusEntry {
  std::uint8_t local_ip[16] = {};  // as IpAddress
  std::uint8_t remote_ip[16] = {};
  std::uint16_t local_port = 0;  // host order
  std::uint16_t remote_port = 0;
  std::int32_t pid = 0;
  std::uint8_t ip_protocol = 0;
  std::uint8_t killed = 0;
  std::uint16_t reserved = 0;
};

struct CensusReply {
  ReplyHead head;
  std::uint32_t named = 0;  // of `entries`
  std::uint64_t found = 0;
  std::uint64_t killed = 0;
  char why_kept[kErrorBytesMax] = {};
  CensusEntry entries[kCensusMax];
};

// A descriptor comes along where it did not fail.
struct ChannelReply {
  ReplyHead head;
};

// A descriptor comes along where it did not fail and `unavailable` is 0.
struct NamespaceSocketReply {
  ReplyHead head;
  std::int32_t unavailable = 0;  // errno: that namespace has no such address at present
  std::uint64_t inode = 0;       // of the namespace
};

struct NamespaceEntry {
  std::uint64_t inode = 0;
  std::int32_t pid = 0;  // of one of the processes in it
  std::uint32_t reserved = 0;
};

struct NamespacesReply {
  ReplyHead head;
  std::uint32_t named = 0;  // of `entries`
  std::uint32_t whole = 0;  // 1: no other process, and no other namespace, is there
  std::uint32_t reserved = 0;
  NamespaceEntry entries[kNamespacesMax];
};

template <class T>
concept Message = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>;

static_assert(Message<MakeRunCgroup> && Message<EnrolCgroup> && Message<MoveProcess>);
static_assert(Message<RemoveRunCgroup> && Message<KillRun> && Message<ReadSecret>);
static_assert(Message<DestroySockets> && Message<OpenInNamespace> && Message<ListNamespaces>);
static_assert(Message<NamespaceSocketReply> && Message<NamespacesReply>);
static_assert(Message<TakeSuccessor> && Message<HandedOver>);
static_assert(Message<TakeCensus> && Message<CensusReply>);
static_assert(Message<CgroupReply> && Message<SecretReply> && Message<CountReply>);

// Which reply answers which request.
template <class Request>
struct Answer {
  using Reply = PlainReply;
};
template <>
struct Answer<MakeRunCgroup> {
  using Reply = CgroupReply;
};
template <>
struct Answer<EnrolCgroup> {
  using Reply = CgroupReply;
};
template <>
struct Answer<ReadSecret> {
  using Reply = SecretReply;
};
template <>
struct Answer<DestroySockets> {
  using Reply = CountReply;
};
template <>
struct Answer<TakeCensus> {
  using Reply = CensusReply;
};
template <>
struct Answer<OpenInNamespace> {
  using Reply = NamespaceSocketReply;
};
template <>
struct Answer<ListNamespaces> {
  using Reply = NamespacesReply;
};
template <>
struct Answer<TakeSuccessor> {
  using Reply = ChannelReply;
};

}  // namespace sluice::keeper
