// SPDX-License-Identifier: Apache-2.0
#include "keeper/client.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "keeper/secret_file.h"
#include "keeper/wire.h"

namespace sluice::keeper {
namespace {

Result<void> put_path(Path& out, std::string_view path) {
  if (put_text(out.text, sizeof out.text, path)) return {};
  return Error::sys(ENAMETOOLONG, "a path of " + std::to_string(path.size()) +
                                      " bytes; the keeper takes at most " +
                                      std::to_string(kPathBytesMax - 1));
}

// The keeper's Error as it was there: its text ends with the words for its code.
Error error_of(const ReplyHead& head) {
  const std::string_view text(head.error, ::strnlen(head.error, kErrorBytesMax));
  const std::string ending = ": " + std::generic_category().message(head.code);
  if (head.code == 0 || !text.ends_with(ending)) return Error(std::string(text));
  return Error::sys(head.code, text.substr(0, text.size() - ending.size()));
}

RunCgroup run_cgroup_of(const CgroupReply& reply) {
  return {reply.cgroup_id, std::string(reply.path.text, ::strnlen(reply.path.text, kPathBytesMax))};
}

}  // namespace

template <class Request>
Result<void> KeeperClient::transact(const Request& request, typename Answer<Request>::Reply& reply,
                                    int sent_fd, UniqueFd* received_fd) {
  const std::lock_guard guard{mutex_};
  if (broken_) return Error::sys(EPIPE, "the keeper is gone; this process must end");
  broken_ = true;  // until a whole exchange has been made
  SLUICE_TRY_VOID(send(socket_.get(), &request, sizeof request, sent_fd, Waiting::kYes));
  SLUICE_TRY(Datagram answer, receive(socket_.get(), &reply, sizeof reply));
  if (answer.size == 0) return Error::sys(EPIPE, "the keeper has ended");
  if (answer.size != sizeof reply || reply.head.magic != kMagic)
    return Error::sys(EPROTO, "the keeper's answer is not one to this request");
  broken_ = false;
  if (!answer.whole) return Error::sys(EMFILE, "take the descriptor in the keeper's answer");
  if (reply.head.failed != 0) {
    return error_of(reply.head);
  }
  if (received_fd != nullptr) *received_fd = std::move(answer.fd);
  return {};
}

Result<RunCgroup> KeeperClient::make_run_cgroup(std::string_view parent, const RunId& run) {
  MakeRunCgroup request;
  SLUICE_TRY_VOID(put_path(request.parent, parent));
  if (!put_text(request.run_id, sizeof request.run_id, run))
    return Error::sys(EINVAL, "the run id is too long");
  CgroupReply reply;
  SLUICE_TRY_VOID(transact(request, reply));
  return run_cgroup_of(reply);
}

Result<RunCgroup> KeeperClient::enrol_cgroup(std::string_view cgroup) {
  EnrolCgroup request;
  SLUICE_TRY_VOID(put_path(request.cgroup, cgroup));
  CgroupReply reply;
  SLUICE_TRY_VOID(transact(request, reply));
  return run_cgroup_of(reply);
}

Result<void> KeeperClient::move_process(int pidfd, std::string_view run_cgroup) {
  MoveProcess request;
  SLUICE_TRY_VOID(put_path(request.run_cgroup, run_cgroup));
  PlainReply reply;
  return transact(request, reply, pidfd);
}

Result<void> KeeperClient::remove_run_cgroup(std::string_view run_cgroup) {
  RemoveRunCgroup request;
  SLUICE_TRY_VOID(put_path(request.run_cgroup, run_cgroup));
  PlainReply reply;
  return transact(request, reply);
}

Result<void> KeeperClient::kill_run(std::string_view run_cgroup) {
  KillRun request;
  SLUICE_TRY_VOID(put_path(request.run_cgroup, run_cgroup));
  PlainReply reply;
  return transact(request, reply);
}

Result<Secret> KeeperClient::read_secret(std::string_view file) {
  struct Wiped {
    SecretReply reply;
    ~Wiped() { ::explicit_bzero(&reply, sizeof reply); }
  };
  ReadSecret request;
  SLUICE_TRY_VOID(put_path(request.file, file));
  const auto buffer = std::make_unique<Wiped>();
  SLUICE_TRY_VOID(transact(request, buffer->reply));
  if (buffer->reply.size > kSecretBytesMax)
    return Error::sys(EPROTO, "the keeper's answer is longer than its buffer");
  return Secret{Bytes(buffer->reply.bytes, buffer->reply.bytes + buffer->reply.size)};
}

Result<Secret> KeeperClient::read_password(std::string_view file) {
  SLUICE_TRY(const Secret whole, read_secret(file));
  return only_line(whole, file);
}

Result<std::uint64_t> KeeperClient::destroy_sockets(std::string_view cgroup) {
  DestroySockets request;
  SLUICE_TRY_VOID(put_path(request.cgroup, cgroup));
  CountReply reply;
  SLUICE_TRY_VOID(transact(request, reply));
  return reply.count;
}

Result<UniqueFd> KeeperClient::take_successor() {
  ChannelReply reply;
  UniqueFd channel;
  SLUICE_TRY_VOID(transact(TakeSuccessor{}, reply, -1, &channel));
  if (!channel) return Error::sys(EPROTO, "the keeper's answer brought no channel");
  return channel;
}

Result<void> KeeperClient::handed_over() {
  PlainReply reply;
  return transact(HandedOver{}, reply);
}

Result<KeeperClient::Census> KeeperClient::take_census(std::string_view cgroup, bool kill) {
  TakeCensus request;
  request.kill = kill ? 1 : 0;
  SLUICE_TRY_VOID(put_path(request.cgroup, cgroup));
  const auto reply = std::make_unique<CensusReply>();
  SLUICE_TRY_VOID(transact(request, *reply));
  Census census;
  census.found = reply->found;
  census.killed = reply->killed;
  census.census.why_kept.assign(reply->why_kept, ::strnlen(reply->why_kept, kErrorBytesMax));
  for (std::size_t i = 0; i < std::min<std::size_t>(reply->named, kCensusMax); ++i) {
    const CensusEntry& entry = reply->entries[i];
    kernel::OpenConnection open;
    std::copy(std::begin(entry.local_ip), std::end(entry.local_ip), open.local.ip.bytes.begin());
    std::copy(std::begin(entry.remote_ip), std::end(entry.remote_ip), open.remote.ip.bytes.begin());
    open.local.port = entry.local_port;
    open.remote.port = entry.remote_port;
    open.pid = entry.pid;
    open.ip_protocol = entry.ip_protocol;
    open.killed = entry.killed != 0;
    census.census.connections.push_back(open);
  }
  return census;
}

Result<KeeperClient::NamespaceSocket> KeeperClient::open_in_namespace(int pidfd,
                                                                      std::uint32_t ip_version,
                                                                      Transport transport) {
  OpenInNamespace request;
  request.ip_version = ip_version;
  request.transport = transport;
  NamespaceSocketReply reply;
  NamespaceSocket socket;
  SLUICE_TRY_VOID(transact(request, reply, pidfd, &socket.fd));
  if (!socket.fd && reply.unavailable == 0)
    return Error::sys(EPROTO, "the keeper's answer brought no socket");
  socket.inode = reply.inode;
  return socket;
}

Result<KeeperClient::Namespaces> KeeperClient::list_namespaces(std::string_view cgroup) {
  ListNamespaces request;
  SLUICE_TRY_VOID(put_path(request.cgroup, cgroup));
  NamespacesReply reply;
  SLUICE_TRY_VOID(transact(request, reply));
  const std::size_t named = std::min<std::size_t>(reply.named, kNamespacesMax);
  return Namespaces{{reply.entries, reply.entries + named}, reply.whole == 1};
}

}  // namespace sluice::keeper
