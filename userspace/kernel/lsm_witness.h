// SPDX-License-Identifier: Apache-2.0
// Wakes each attached BPF LSM program by a harmless act of this thread (or of a child of it), and
// reads from the object's memory whether it was called.
#pragma once

#include <sluice/result.h>

struct bpf_object;

namespace sluice::kernel {

// Error: names the program of `object` that was not called.
Result<void> see_programs_called(bpf_object* object);

}  // namespace sluice::kernel
