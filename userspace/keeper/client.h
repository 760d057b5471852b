// SPDX-License-Identifier: Apache-2.0
// The worker's end of the socketpair: one call, one request, one reply. Synchronous and safe to
// call from any thread; a call takes as long as the keeper's system calls do. After a failure of
// the socket itself every call fails: the worker should end.
#pragma once

#include <sluice/identity.h>
#include <sluice/resource.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "keeper/protocol.h"
#include "kernel/socket_census.h"

namespace sluice::keeper {

struct RunCgroup {
  std::uint64_t id = 0;  // inode of the directory: Run::cgroup_id
  std::string path;      // below the cgroup2 mount: Run::cgroup_path
};

class KeeperClient {
 public:
  explicit KeeperClient(UniqueFd socket) : socket_(std::move(socket)) {}

  // `parent`: cgroup path of the run or enrolled cgroup that starts this one; "" for an outermost
  // run. EEXIST where the id is taken.
  Result<RunCgroup> make_run_cgroup(std::string_view parent, const RunId& run);
  // Tells the keeper that an existing cgroup is the run of an enrolled agent.
  Result<RunCgroup> enrol_cgroup(std::string_view cgroup);
  // Moves the process into a run: from outside any run, or from a run that contains this one.
  Result<void> move_process(int pidfd, std::string_view run_cgroup);
  // EBUSY while a process is left in it.
  Result<void> remove_run_cgroup(std::string_view run_cgroup);
  Result<void> kill_run(std::string_view run_cgroup);
  // The file's bytes as they are.
  Result<Secret> read_secret(std::string_view file);
  // The file's only line, without its end. An empty file or a second line is an error.
  Result<Secret> read_password(std::string_view file);
  // Ends the open sockets of the run and of those below it; returns how many.
  Result<std::uint64_t> destroy_sockets(std::string_view cgroup);
  // What the processes of an enrolled cgroup or a run are connected to; ended where `kill`.
  struct Census {
    kernel::Census census;  // names at most kCensusMax of them
    std::uint64_t found = 0;
    std::uint64_t killed = 0;
  };
  Result<Census> take_census(std::string_view cgroup, bool kill);
  // A socket on loopback at any port, in the network namespace of a process that is in a run.
  struct NamespaceSocket {
    UniqueFd fd;              // none: that namespace has no such address at present
    std::uint64_t inode = 0;  // of the namespace
  };
  Result<NamespaceSocket> open_in_namespace(int pidfd, std::uint32_t ip_version,
                                            Transport transport);
  // The network namespaces of a run's processes, but for the daemon's own.
  struct Namespaces {
    std::vector<NamespaceEntry> entries;
    bool whole = false;  // there are no others
  };
  Result<Namespaces> list_namespaces(std::string_view cgroup);

  // The channel to the daemon that asked to take over. ENOENT: none has.
  Result<UniqueFd> take_successor();
  // The keeper will leave the listeners in the kernel to the new daemon.
  Result<void> handed_over();

  // Readable (EOF) when the keeper has died. For the worker's event loop; never read from it.
  int socket() const { return socket_.get(); }

 private:
  template <class Request>
  Result<void> transact(const Request& request, typename Answer<Request>::Reply& reply,
                        int sent_fd = -1, UniqueFd* received_fd = nullptr);

  std::mutex mutex_;
  UniqueFd socket_;
  bool broken_ = false;
};

}  // namespace sluice::keeper
