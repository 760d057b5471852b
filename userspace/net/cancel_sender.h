// SPDX-License-Identifier: Apache-2.0
// Delivers CancelRequests to upstreams, each over a short connection of its own, so that a worker
// thread never waits for one.
#pragma once

#include "net/task_threads.h"
#include "net/upstream.h"

#include <sluice/bytes.h>
#include <sluice/clock.h>
#include <sluice/flow.h>

namespace sluice::net {

class UpstreamTlsContexts;

class CancelSender {
 public:
  CancelSender(const Clock& clock, UpstreamTlsContexts& contexts);
  // Never blocks. A cancel is a best effort by its own definition (PostgreSQL manual, "Canceling
  // Requests in Progress"): one that cannot be delivered, or is one too many, is dropped.
  void send(const UpstreamSettings& upstream, Bytes request, CancelReceipt receipt);
  void stop() { threads_.stop(); }

 private:
  const Clock& clock_;
  UpstreamTlsContexts& contexts_;
  TaskThreads threads_;
};

}  // namespace sluice::net
