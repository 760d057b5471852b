// SPDX-License-Identifier: Apache-2.0
#include "net/host_ca.h"

#include "base/unique_fd.h"
#include "net/certificate_impl.h"
#include "net/tls_context_impl.h"

#include <sluice/secret.h>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <list>
#include <map>
#include <mutex>

namespace sluice::net {

namespace {

using std::chrono::hours;
constexpr hours kCaLifetime{24 * 3650};
constexpr hours kLeafLifetime{24 * 30};
constexpr hours kRenewBeforeEnd{24};
// A host whose clock is behind ours must not find a leaf that begins tomorrow.
constexpr hours kClockSkew{24};
// A system bundle has a few hundred kilobytes; stops a wrong path (/dev/zero) from filling memory.
constexpr std::size_t kFileBytesMax = 16U << 20;

Result<std::string> read_file(const std::string& path) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return Error::sys(errno, "open '" + path + "'");
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::sys(errno, "read '" + path + "'");
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kFileBytesMax)
      return Error{"read '" + path + "': it is larger than " + std::to_string(kFileBytesMax) +
                   " bytes"};
  }
}

// Whole or not at all: written beside it, made durable, then renamed over it.
Result<void> write_file(const std::string& path, ByteView bytes, mode_t mode) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const UniqueFd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (!fd) return Error::sys(errno, "create '" + beside + "'");
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::sys(errno, "write '" + beside + "'");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (::fchmod(fd.get(), mode) != 0) return Error::sys(errno, "set the mode of '" + beside + "'");
  if (::fsync(fd.get()) != 0) return Error::sys(errno, "sync '" + beside + "'");
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return Error::sys(errno, "rename '" + beside + "' to '" + path + "'");
  return {};
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> check_key_mode(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error::sys(errno, "look at '" + path + "'");
  if ((status.st_mode & 077) != 0)
    return Error{"the host CA's key '" + path + "' can be read by others; run: chmod 600 " + path +
                 "; if others may have read it, remove it and host-ca.pem and start again"};
  return {};
}

std::string host_name_or(const std::string& given) {
  if (!given.empty()) return given;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

LeafNames canonical(LeafNames names) {
  const auto sort_unique = [](auto& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  sort_unique(names.dns);
  sort_unique(names.ips);
  return names;
}

}  // namespace

struct HostCa::State {
  Options options;
  const Clock& clock;
  std::string key_path, certificate_path, bundle_path;
  KeyPtr key;
  X509Ptr certificate;

  struct Leaf {
    std::shared_ptr<ServerTlsContext> context;
    std::list<LeafNames>::iterator place;
  };
  mutable std::mutex mutex;     // guards the two below
  std::list<LeafNames> by_use;  // most recent first
  std::map<LeafNames, Leaf> leaves;

  State(Options given, const Clock& time) : options(std::move(given)), clock(time) {
    key_path = options.directory + "/host-ca.key";
    certificate_path = options.directory + "/host-ca.pem";
    bundle_path = options.directory + "/bundle.pem";
  }
  Result<void> create();
  Result<void> load();
  Result<void> write_bundle();
  Result<std::shared_ptr<ServerTlsContext>> mint(const LeafNames& names);
};

Result<void> HostCa::State::create() {
  SLUICE_TRY(key, make_key());
  const WallTime now = clock.wall();
  SLUICE_TRY(certificate,
             make_ca_certificate(*key, "Sluice host CA " + host_name_or(options.host_name),
                                 {now - kClockSkew, now + kCaLifetime}));
  SLUICE_TRY(auto key_bytes, to_pem(*key));
  const Secret key_pem{std::move(key_bytes)};
  SLUICE_TRY(auto certificate_pem, to_pem(*certificate));
  // The key goes last: a certificate alone is found at the next start and said to be half a CA.
  SLUICE_TRY_VOID(write_file(certificate_path, as_bytes(certificate_pem), 0644));
  return write_file(key_path, key_pem.for_wire(), 0600);
}

Result<void> HostCa::State::load() {
  SLUICE_TRY_VOID(check_key_mode(key_path));
  SLUICE_TRY(auto key_pem, read_file(key_path));
  auto read_key = key_from_pem(key_pem, "'" + key_path + "'");
  OPENSSL_cleanse(key_pem.data(), key_pem.size());
  if (!read_key) return read_key.error();
  key = *std::move(read_key);
  SLUICE_TRY(auto certificate_pem, read_file(certificate_path));
  SLUICE_TRY(certificate, certificate_from_pem(certificate_pem, "'" + certificate_path + "'"));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return Error{"'" + key_path + "' is not the key of '" + certificate_path +
                 "'; restore the pair from a backup, or remove both to make a new CA"};
  }
  if (X509_check_ca(certificate.get()) != 1)
    return Error{"'" + certificate_path + "' is not a CA certificate"};
  SLUICE_TRY(const WallTime end, end_of(*certificate));
  if (end <= clock.wall())
    return Error{"'" + certificate_path +
                 "' has expired; remove it and host-ca.key to make a new CA"};
  return {};
}

Result<void> HostCa::State::write_bundle() {
  std::string bundle;
  if (!options.system_bundle.empty() && exists(options.system_bundle)) {
    SLUICE_TRY(bundle, read_file(options.system_bundle));
    if (!bundle.empty() && bundle.back() != '\n') bundle.push_back('\n');
  }
  SLUICE_TRY(auto own, to_pem(*certificate));
  bundle += own;
  return write_file(bundle_path, as_bytes(bundle), 0644);
}

Result<std::shared_ptr<ServerTlsContext>> HostCa::State::mint(const LeafNames& names) {
  const WallTime now = clock.wall();
  SLUICE_TRY(const WallTime ca_end, end_of(*certificate));
  const WallTime leaf_end = std::min<WallTime>(now + kLeafLifetime, ca_end);
  SLUICE_TRY(auto leaf_key, make_key());
  SLUICE_TRY(auto leaf, make_leaf_certificate(*leaf_key, names, {now - kClockSkew, leaf_end},
                                              *certificate, *key));
  return ServerTlsContext::create(std::move(leaf), certificate.get(), std::move(leaf_key),
                                  leaf_end - kRenewBeforeEnd);
}

HostCa::HostCa(std::unique_ptr<State> state) : state_(std::move(state)) {}
HostCa::~HostCa() = default;

Result<std::unique_ptr<HostCa>> HostCa::open(const Options& options, const Clock& clock) {
  auto state = std::make_unique<State>(options, clock);
  if (::mkdir(options.directory.c_str(), 0755) != 0 && errno != EEXIST)
    return Error::sys(errno, "make the host CA's directory '" + options.directory + "'");
  const bool has_key = exists(state->key_path);
  const bool has_certificate = exists(state->certificate_path);
  if (has_key != has_certificate)
    return Error{"the host CA is half there: '" +
                 (has_key ? state->certificate_path : state->key_path) +
                 "' is missing; restore it from a backup, or remove the other file to make a new "
                 "CA"};
  auto ready = has_key ? state->load() : state->create();
  if (ready) ready = state->write_bundle();
  if (!ready) return ready.error().within("host CA");
  return std::unique_ptr<HostCa>{new HostCa(std::move(state))};
}

const std::string& HostCa::certificate_path() const { return state_->certificate_path; }
const std::string& HostCa::bundle_path() const { return state_->bundle_path; }

Result<std::shared_ptr<ServerTlsContext>> HostCa::context_for(const LeafNames& names) {
  LeafNames wanted = canonical(names);
  State& state = *state_;
  const std::lock_guard lock{state.mutex};
  if (const auto found = state.leaves.find(wanted); found != state.leaves.end()) {
    if (state.clock.wall() < found->second.context->renew_at()) {
      state.by_use.splice(state.by_use.begin(), state.by_use, found->second.place);
      return found->second.context;
    }
    state.by_use.erase(found->second.place);
    state.leaves.erase(found);
  }
  // Minted under the lock: 100 microseconds, once a month per name set.
  SLUICE_TRY(auto context, state.mint(wanted));
  if (state.leaves.size() >= std::max<std::size_t>(state.options.leaf_count_max, 1)) {
    state.leaves.erase(state.by_use.back());
    state.by_use.pop_back();
  }
  state.by_use.push_front(wanted);
  state.leaves.emplace(std::move(wanted), State::Leaf{context, state.by_use.begin()});
  return context;
}

std::size_t HostCa::cached_leaves() const {
  const std::lock_guard lock{state_->mutex};
  return state_->leaves.size();
}

}  // namespace sluice::net
