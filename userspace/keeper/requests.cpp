// SPDX-License-Identifier: Apache-2.0
#include "keeper/requests.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "keeper/listener.h"
#include "keeper/namespaces.h"
#include "keeper/processes.h"

namespace sluice::keeper {
namespace {

constexpr const char* name_of(RequestType type) {
  switch (type) {
    case RequestType::kMakeRunCgroup: return "make run cgroup";
    case RequestType::kEnrolCgroup: return "enrol cgroup";
    case RequestType::kMoveProcess: return "move process";
    case RequestType::kRemoveRunCgroup: return "remove run cgroup";
    case RequestType::kKillRun: return "kill run";
    case RequestType::kReadSecret: return "read secret";
    case RequestType::kDestroySockets: return "destroy sockets";
    case RequestType::kOpenInNamespace: return "open in namespace";
    case RequestType::kTakeSuccessor: return "take successor";
    case RequestType::kHandedOver: return "handed over";
    case RequestType::kTakeOver: return "take over";
    case RequestType::kTakeCensus: return "take census";
    case RequestType::kListNamespaces: return "list namespaces";
  }
  return "unknown request";
}

Result<std::string_view> path_of(const Path& path) {
  if (const auto text = get_text(path.text, sizeof path.text)) return *text;
  return Error::sys(EINVAL, "the path has no end");
}

Result<void> no_descriptor(int fd) {
  if (fd >= 0) return Error::sys(EINVAL, "a descriptor came with a request that takes none");
  return {};
}

// What a worker sends may end in the log, and must not write lines of its own there.
std::string printable(std::string text) {
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

void put_error(ReplyHead& head, const Error& error) {
  head.failed = 1;
  head.code = error.code();
  const std::string& text = error.text();
  // The end says which errno it was, so a text that is too long loses its beginning.
  const std::size_t skip = text.size() < kErrorBytesMax ? 0 : text.size() - kErrorBytesMax + 1;
  put_text(head.error, kErrorBytesMax, text.substr(skip));
}

}  // namespace

Result<void> Requests::handle(const MakeRunCgroup& request, int fd, CgroupReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(std::string_view parent, path_of(request.parent));
  const auto run = get_text(request.run_id, sizeof request.run_id);
  if (!run || !is_run_id(*run))
    return Error::sys(EINVAL, "the run id is not 'run-' and 16 hex digits");
  if (parent.empty()) parent = runs_.path();
  const std::string path = std::string(parent) + "/" + std::string(*run);
  SLUICE_TRY(reply.cgroup_id, runs_.make(path));
  put_text(reply.path.text, kPathBytesMax, path);  // fits: check_cgroup_path() has measured it
  return {};
}

Result<void> Requests::handle(const EnrolCgroup& request, int fd, CgroupReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.cgroup));
  SLUICE_TRY(reply.cgroup_id, runs_.enrol(path));
  put_text(reply.path.text, kPathBytesMax, path);
  return {};
}

Result<void> Requests::handle(const MoveProcess& request, int fd, PlainReply&) {
  if (fd < 0) return Error::sys(EBADF, "no pidfd came with the request");
  SLUICE_TRY(const std::string_view path, path_of(request.run_cgroup));
  return runs_.move(fd, path);
}

Result<void> Requests::handle(const RemoveRunCgroup& request, int fd, PlainReply&) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.run_cgroup));
  return runs_.remove(path);
}

Result<void> Requests::handle(const KillRun& request, int fd, PlainReply&) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.run_cgroup));
  return runs_.kill(path);
}

Result<void> Requests::handle(const ReadSecret& request, int fd, SecretReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view file, path_of(request.file));
  SLUICE_TRY(const Secret secret, secrets_.read(file));
  const ByteView bytes = secret.for_wire();
  std::copy(bytes.begin(), bytes.end(), reply.bytes);
  reply.size = static_cast<std::uint32_t>(bytes.size());
  return {};
}

Result<void> Requests::handle(const DestroySockets& request, int fd, CountReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.cgroup));
  SLUICE_TRY(const std::string directory, runs_.directory_of(path));
  if (!config_.destroy_sockets)
    return Error::sys(EOPNOTSUPP, "this kernel cannot destroy the sockets of a cgroup");
  SLUICE_TRY(reply.count, config_.destroy_sockets(directory));
  return {};
}

Result<void> Requests::handle(const TakeCensus& request, int fd, CensusReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.cgroup));
  SLUICE_TRY(const std::string directory, runs_.directory_of(path));
  if (request.kill > 1) return Error::sys(EINVAL, "'kill' is neither 0 nor 1");
  if (!config_.take_census)
    return Error::sys(EOPNOTSUPP, "this kernel cannot list the sockets of a cgroup");
  SLUICE_TRY(const kernel::Census census, config_.take_census(directory, request.kill == 1));
  for (const kernel::OpenConnection& open : census.connections) {
    ++reply.found;
    reply.killed += open.killed ? 1 : 0;
    if (reply.named == kCensusMax) continue;
    CensusEntry& entry = reply.entries[reply.named++];
    std::copy(open.local.ip.bytes.begin(), open.local.ip.bytes.end(), entry.local_ip);
    std::copy(open.remote.ip.bytes.begin(), open.remote.ip.bytes.end(), entry.remote_ip);
    entry.local_port = open.local.port;
    entry.remote_port = open.remote.port;
    entry.pid = open.pid;
    entry.ip_protocol = open.ip_protocol;
    entry.killed = open.killed ? 1 : 0;
  }
  put_text(reply.why_kept, kErrorBytesMax, census.why_kept.substr(0, kErrorBytesMax - 1));
  return {};
}

Result<void> Requests::handle(const OpenInNamespace& request, int fd, NamespaceSocketReply& reply,
                              UniqueFd& socket) {
  if (fd < 0) return Error::sys(EBADF, "no pidfd came with the request");
  if (request.ip_version != 4 && request.ip_version != 6)
    return Error::sys(EINVAL, "the version of IP is neither 4 nor 6");
  if (request.transport != Transport::kTcpListener && request.transport != Transport::kUdp)
    return Error::sys(EINVAL, "the transport is neither TCP nor UDP");
  SLUICE_TRY(const NetworkNamespace space, namespace_of(fd));
  SLUICE_TRY(const std::uint64_t own, own_namespace());
  if (space.inode == own) return Error::sys(EPERM, "it is the daemon's own network namespace");
  SLUICE_TRY(const pid_t pid, pid_of(fd));
  SLUICE_TRY(const std::string cgroup, runs_.cgroup_of(pid));
  SLUICE_TRY_VOID(pid_of(fd));
  if (!runs_.innermost_run(cgroup))
    return Error::sys(EPERM, "process " + std::to_string(pid) + " is in no run");
  reply.inode = space.inode;
  auto opened = open_in_namespace(
      space.fd.get(), request.ip_version == 4 ? IpVersion::k4 : IpVersion::k6, request.transport);
  // Its lo is down, or has no IPv6: nothing that anybody did wrong.
  if (!opened &&
      (opened.error().code() == EADDRNOTAVAIL || opened.error().code() == EAFNOSUPPORT)) {
    reply.unavailable = opened.error().code();
    return {};
  }
  if (!opened) return opened.error();
  socket = *std::move(opened);
  return {};
}

Result<void> Requests::handle(const ListNamespaces& request, int fd, NamespacesReply& reply) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  SLUICE_TRY(const std::string_view path, path_of(request.cgroup));
  SLUICE_TRY_VOID(runs_.directory_of(path));
  SLUICE_TRY(const Namespaces found, namespaces_in(runs_.tree(), path));
  for (const auto& [inode, pid] : found.process_in)
    reply.entries[reply.named++] = {.inode = inode, .pid = pid};
  reply.whole = found.whole ? 1 : 0;
  return {};
}

Result<void> Requests::handle(const TakeSuccessor&, int fd, UniqueFd& channel) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  if (hand_over_) channel = hand_over_->take_successor();
  if (!channel) return Error::sys(ENOENT, "no new daemon has asked to take over");
  return {};
}

Result<void> Requests::handle(const HandedOver&, int fd, PlainReply&) {
  SLUICE_TRY_VOID(no_descriptor(fd));
  if (!hand_over_ || !hand_over_->finish())
    return Error::sys(EINVAL, "no new daemon has taken over");
  return {};
}

template <class Request>
Result<Requests::Outcome> Requests::answer_as(const Datagram& datagram, const void* bytes,
                                              int socket) {
  using Reply = typename Answer<Request>::Reply;
  const auto reply = std::make_unique<Reply>();
  Outcome outcome;
  Result<void> done;
  if (!datagram.whole || datagram.size != sizeof(Request)) {
    done = Error::sys(EINVAL, "the request has a wrong size or several descriptors");
  } else {
    Request request;
    std::memcpy(&request, bytes, sizeof request);
    if constexpr (std::is_same_v<Request, TakeSuccessor>)
      done = handle(request, datagram.fd.get(), outcome.fd);
    else if constexpr (std::is_same_v<Request, OpenInNamespace>)
      done = handle(request, datagram.fd.get(), *reply, outcome.fd);
    else
      done = handle(request, datagram.fd.get(), *reply);
  }
  if (!done) {
    *reply = Reply{};
    put_error(reply->head, done.error());
    outcome.refused = std::string(name_of(Request::kType)) + ": " + printable(done.error().text());
  }
  auto sent = send(socket, reply.get(), sizeof(Reply), outcome.fd.get(), Waiting::kNo);
  if constexpr (std::is_same_v<Request, ReadSecret>) ::explicit_bzero(reply.get(), sizeof(Reply));
  if (!sent) return sent.error();
  return outcome;
}

Result<Requests::Outcome> Requests::answer(const Datagram& datagram, const void* request,
                                           int socket) {
  Head head{};
  if (datagram.size >= sizeof head) std::memcpy(&head, request, sizeof head);
  if (head.magic != kMagic) head.type = RequestType{};
  switch (head.type) {
    case RequestType::kMakeRunCgroup: return answer_as<MakeRunCgroup>(datagram, request, socket);
    case RequestType::kEnrolCgroup: return answer_as<EnrolCgroup>(datagram, request, socket);
    case RequestType::kMoveProcess: return answer_as<MoveProcess>(datagram, request, socket);
    case RequestType::kRemoveRunCgroup:
      return answer_as<RemoveRunCgroup>(datagram, request, socket);
    case RequestType::kKillRun: return answer_as<KillRun>(datagram, request, socket);
    case RequestType::kReadSecret: return answer_as<ReadSecret>(datagram, request, socket);
    case RequestType::kDestroySockets: return answer_as<DestroySockets>(datagram, request, socket);
    case RequestType::kOpenInNamespace:
      return answer_as<OpenInNamespace>(datagram, request, socket);
    case RequestType::kTakeSuccessor: return answer_as<TakeSuccessor>(datagram, request, socket);
    case RequestType::kHandedOver: return answer_as<HandedOver>(datagram, request, socket);
    case RequestType::kTakeOver: break;
    case RequestType::kTakeCensus: return answer_as<TakeCensus>(datagram, request, socket);
    case RequestType::kListNamespaces: return answer_as<ListNamespaces>(datagram, request, socket);
  }
  ReplyHead reply;
  put_error(reply, Error::sys(EINVAL, "not a request that the keeper knows"));
  SLUICE_TRY_VOID(send(socket, &reply, sizeof reply, -1, Waiting::kNo));
  return Outcome{{},
                 "a datagram of " + std::to_string(datagram.size) + " bytes that is no request"};
}

}  // namespace sluice::keeper
