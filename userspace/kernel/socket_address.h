// SPDX-License-Identifier: Apache-2.0
// Between the words of the shared headers and those of socket calls and of the BPF structs.
#pragma once

#include <linux/types.h>
#include <netinet/in.h>
#include <sluice/resource.h>
#include <sluice/result.h>
#include <sys/socket.h>

#include <cstdint>

namespace sluice::kernel {

// AF_INET and AF_INET6 only.
Result<Endpoint> endpoint_of(const sockaddr_storage& address);

// From what the structs in abi/ hold: 16 bytes and a port in network order.
Endpoint endpoint_of(const __u8 (&address)[16], __be16 port);

}  // namespace sluice::kernel
