// SPDX-License-Identifier: Apache-2.0
// The compiled BPF objects inside this program, and libbpf's own words about what it could not do.
#pragma once

#include <bpf/libbpf.h>
#include <sluice/bytes.h>
#include <sluice/result.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::kernel {

template <auto Function>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const noexcept {
    Function(handle);
  }
};
using BpfObject = std::unique_ptr<bpf_object, FreeWith<bpf_object__close>>;
using BpfLink = std::unique_ptr<bpf_link, FreeWith<bpf_link__destroy>>;

struct EmbeddedObject {
  const char* name;  // "connect"
  ByteView elf;
};

// In the order in which they are attached: what watches a connection comes before what lets one go.
const std::vector<EmbeddedObject>& plane_objects();
// Only for kernels with has_unix_hooks().
const EmbeddedObject& unix_object();
const EmbeddedObject& lsm_canary_object();

struct LsmFamily {
  EmbeddedObject object;
  const char* gives;  // what holds because of it
  std::vector<std::string> programs;
};
// What tags comes before what decides by tags.
const std::vector<LsmFamily>& lsm_families();

Result<BpfObject> open_object(const EmbeddedObject& object);
Result<void> load_object(bpf_object* object, const EmbeddedObject& from);

// Descriptors by the name of the map in the programs, close-on-exec.
using MapsByName = std::map<std::string, UniqueFd>;
// Adds a duplicate of each map of a loaded object that is not there yet.
Result<void> keep_maps(const bpf_object* object, MapsByName& maps);

// While one lives, libbpf's warnings on this thread go into it instead of to stderr.
class LibbpfWarnings {
 public:
  LibbpfWarnings();
  ~LibbpfWarnings();
  LibbpfWarnings(const LibbpfWarnings&) = delete;
  LibbpfWarnings& operator=(const LibbpfWarnings&) = delete;
  std::string last_lines() const;  // the end of it, fit for an error

 private:
  std::string text_;
  std::string* outer_;
};

}  // namespace sluice::kernel
