// SPDX-License-Identifier: Apache-2.0
// What really is attached, asked of the kernel through the links' descriptors; needs no capability.
// A held descriptor keeps its program attached even where somebody removes the pin.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/probe.h"

namespace sluice::kernel {

struct PinnedLink {
  std::string program;  // "sluice_connect4"
  UniqueFd link;
};

// What a daemon found when it started, corrected by what is attached now: a feature that is one of
// `links`' programs is held while that is attached, and by nothing else.
std::vector<Feature> with_attachments(std::vector<Feature> features,
                                      const std::vector<PinnedLink>& links);

}  // namespace sluice::kernel
