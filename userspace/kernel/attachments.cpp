// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachments.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>

#include "kernel/objects.h"

namespace sluice::kernel {
namespace {

void look(Feature& feature, const PinnedLink& pinned) {
  bpf_link_info info{};
  __u32 size = sizeof info;
  feature.tried = true;
  feature.held = false;
  feature.mechanism = "asked the kernel for the attached program";
  if (bpf_obj_get_info_by_fd(pinned.link.get(), &info, &size) != 0) {
    feature.why_not = std::string{"the link of "} + pinned.program + " does not answer (errno " +
                      std::to_string(errno) + "); restart sluiced";
    return;
  }
  if (info.type == BPF_LINK_TYPE_CGROUP && info.cgroup.cgroup_id == 0) {
    feature.why_not = pinned.program + " was detached from its cgroup by somebody; restart sluiced";
    return;
  }
  feature.held = true;
  feature.why_not.clear();
  feature.mechanism = "attached as program " + std::to_string(info.prog_id);
  if (info.type == BPF_LINK_TYPE_CGROUP)
    feature.mechanism += " to cgroup " + std::to_string(info.cgroup.cgroup_id);
}

const LsmFamily* family_of(const Feature& feature) {
  for (const LsmFamily& family : lsm_families())
    if (feature.id == family.object.name) return &family;
  return nullptr;
}

// A family is held by all of its programs. One that was not attached stays as it was found.
void look_at_family(Feature& feature, const LsmFamily& family,
                    const std::vector<PinnedLink>& links) {
  for (const std::string& program : family.programs) {
    const auto found = std::find_if(links.begin(), links.end(), [&](const PinnedLink& link) {
      return link.program == program;
    });
    if (!feature.held || found == links.end()) return;
    const std::string mechanism = feature.mechanism;
    look(feature, *found);
    if (feature.held) feature.mechanism = mechanism;
  }
}

}  // namespace

std::vector<Feature> with_attachments(std::vector<Feature> features,
                                      const std::vector<PinnedLink>& links) {
  for (Feature& feature : features) {
    if (const LsmFamily* family = family_of(feature)) look_at_family(feature, *family, links);
    const auto found = std::find_if(links.begin(), links.end(), [&](const PinnedLink& link) {
      return link.program == "sluice_" + feature.id;
    });
    if (found != links.end()) look(feature, *found);
  }
  return features;
}

}  // namespace sluice::kernel
