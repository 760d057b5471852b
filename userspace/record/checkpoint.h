// SPDX-License-Identifier: Apache-2.0
// A signed statement about the host's chain: "after `entries` entries its head was `head`". As text
// it is five lines that the daemon logs or ships; a copy kept off the host is what finds a chain
// that was cut back or rewritten.
#pragma once

#include "record/key.h"

#include <sluice/clock.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::record {

struct Checkpoint {
  std::string host_id;
  std::uint64_t entries = 0;  // entries of the chain before this checkpoint
  Hash head{};                // chain hash of the last of them
  WallTime at{};
  Signature signature{};

  std::string signed_text() const;  // what the signature is over
  std::string text() const;         // signed_text() and a line with the signature
  bool signed_by(const PublicKey& key) const;
  bool operator==(const Checkpoint&) const = default;
};

Result<Checkpoint> parse_checkpoint(std::string_view text);
Result<Checkpoint> load_checkpoint(const std::string& path);

}  // namespace sluice::record
