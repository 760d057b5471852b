// SPDX-License-Identifier: Apache-2.0
// Which flow a CancelRequest means. A cancel reaches only flows of its own run: knowing another's
// key is not enough.
#pragma once

#include <sluice/bytes.h>
#include <sluice/flow.h>

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

namespace sluice::net {

class CancelRegistry {
 public:
  using Cancel = std::function<void(CancelReceipt)>;
  // `owner` is the run of the flow. False: the key is taken, and nothing was changed.
  bool offer(ByteView key, std::string owner, Cancel cancel);
  void withdraw(ByteView key);
  // True: the flow that offered `key` was told. False: no such key, or of another owner.
  bool forward(ByteView key, const std::string& owner, CancelReceipt receipt);
  // Where keys that nobody here offered are taken: an earlier daemon still has the flows of some.
  // Called from any thread, without a lock. Nobody waits for those.
  using Elsewhere = std::function<void(ByteView key, const std::string& owner)>;
  void forward_unknown_to(Elsewhere elsewhere);
  std::size_t size() const;

 private:
  struct Entry {
    std::string owner;
    Cancel cancel;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  Elsewhere elsewhere_;
};

}  // namespace sluice::net
