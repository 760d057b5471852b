// SPDX-License-Identifier: Apache-2.0
#include "kernel/objects.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

// Generated C: not held to this project's warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "bpf/connect.skel.h"
#include "bpf/getpeername.skel.h"
#include "bpf/ingress.skel.h"
#include "bpf/lsm_canary.skel.h"
#include "bpf/recvmsg.skel.h"
#include "bpf/sendmsg.skel.h"
#include "bpf/sock_create.skel.h"
#include "bpf/sock_release.skel.h"
#include "bpf/sockops.skel.h"
#include "bpf/unix.skel.h"
#pragma GCC diagnostic pop

#include "kernel/unix_hooks.h"

namespace sluice::kernel {
namespace {

// A verifier log can be megabytes; its end says why.
constexpr std::size_t kWarningsKept = 2000;

thread_local std::string* collecting = nullptr;

int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || collecting == nullptr) return 0;
  char line[1024];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  collecting->append(line);
  if (collecting->size() > kWarningsKept) collecting->erase(0, collecting->size() - kWarningsKept);
  return length;
}

template <auto Bytes>
ByteView elf() {
  size_t size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(Bytes(&size));
  return {bytes, size};
}

}  // namespace

LibbpfWarnings::LibbpfWarnings() : outer_(collecting) {
  libbpf_set_print(collect);
  collecting = &text_;
}
LibbpfWarnings::~LibbpfWarnings() { collecting = outer_; }

std::string LibbpfWarnings::last_lines() const {
  std::string lines = text_;
  while (!lines.empty() && lines.back() == '\n') lines.pop_back();
  return lines;
}

const std::vector<EmbeddedObject>& plane_objects() {
  static const std::vector<EmbeddedObject> objects{
      {"sockops", elf<sockops_bpf__elf_bytes>()},
      {"sock_release", elf<sock_release_bpf__elf_bytes>()},
      {"getpeername", elf<getpeername_bpf__elf_bytes>()},
      {"recvmsg", elf<recvmsg_bpf__elf_bytes>()},
      {"sock_create", elf<sock_create_bpf__elf_bytes>()},
      {"ingress", elf<ingress_bpf__elf_bytes>()},
      {"sendmsg", elf<sendmsg_bpf__elf_bytes>()},
      {"connect", elf<connect_bpf__elf_bytes>()},
  };
  return objects;
}

const EmbeddedObject& unix_object() {
  static const EmbeddedObject object{"unix", elf<unix_bpf__elf_bytes>()};
  return object;
}

const EmbeddedObject& lsm_canary_object() {
  static const EmbeddedObject object{"lsm_canary", elf<lsm_canary_bpf__elf_bytes>()};
  return object;
}

Result<BpfObject> open_object(const EmbeddedObject& object) {
  const LibbpfWarnings warnings;
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = object.name);
  BpfObject opened{bpf_object__open_mem(object.elf.data(), object.elf.size(), &options)};
  if (opened) set_unix_attach_types(opened.get());
  if (opened) return opened;
  return Error::sys(errno, std::string{"open the BPF object '"} + object.name + "' (" +
                               warnings.last_lines() + ")");
}

Result<void> load_object(bpf_object* object, const EmbeddedObject& from) {
  const LibbpfWarnings warnings;
  if (const int failed = bpf_object__load(object); failed != 0)
    return Error::sys(-failed, std::string{"load the BPF object '"} + from.name + "' (" +
                                   warnings.last_lines() + ")");
  return {};
}

}  // namespace sluice::kernel
