// SPDX-License-Identifier: Apache-2.0
// The structs that BPF programs and this program share have one layout and no holes: keys are
// compared byte by byte, and what is not written would be garbage of the kernel's stack. Whoever
// changes a number here raises SLUICE_LAYOUT.
#include <sluice/abi/awaited.h>
#include <sluice/abi/event.h>
#include <sluice/abi/flow.h>
#include <sluice/abi/lsm.h>
#include <sluice/abi/query.h>
#include <sluice/abi/reason.h>
#include <sluice/abi/run.h>
#include <sluice/abi/settings.h>
#include <sluice/abi/subject.h>
#include <sluice/abi/unix.h>
#include <sluice/abi/verdict.h>

#include <cstddef>
#include <type_traits>

namespace {

template <class T, std::size_t size>
constexpr bool whole =
    sizeof(T) == size&& std::is_standard_layout_v<T>&& std::has_unique_object_representations_v<T>;

static_assert(SLUICE_LAYOUT == 11);
static_assert(whole<sluice_run, 8>);
static_assert(whole<sluice_subject, 8>);
static_assert(whole<sluice_awaited_key, 96>);
static_assert(whole<sluice_awaited, 16>);
static_assert(whole<sluice_verdict_key, 28>);
static_assert(whole<sluice_verdict, 32>);
static_assert(whole<sluice_listener_key, 16>);
static_assert(whole<sluice_listener, 48>);
static_assert(whole<sluice_flow_key, 32>);
static_assert(whole<sluice_flow, 64>);
static_assert(whole<sluice_socket, 104>);
static_assert(whole<sluice_event, 128>);
static_assert(sizeof(sluice_event) <= 128);
static_assert(whole<sluice_cpu, 16>);
static_assert(whole<sluice_counter, 24>);
static_assert(whole<sluice_audited, 16 + 8 * SLUICE_REASON_COUNT>);
static_assert(whole<sluice_unix_key, 124>);
static_assert(whole<sluice_unix_verdict, 16>);
static_assert(whole<sluice_unix_listener, 116>);
static_assert(whole<sluice_unix_socket, sizeof(sluice_socket) + 248>);
static_assert(whole<sluice_unix_event, sizeof(sluice_event) + 120>);
static_assert(offsetof(sluice_unix_key, name) == 12);
static_assert(offsetof(sluice_unix_event, event) == 0);
static_assert(whole<sluice_resolver_key, 16>);
static_assert(whole<sluice_resolver, 32>);
static_assert(whole<sluice_query_key, 16>);
static_assert(whole<sluice_query, 56>);
static_assert(whole<sluice_place, 64>);
static_assert(whole<sluice_asker, 520>);
static_assert(whole<sluice_task_tag, 16>);
static_assert(whole<sluice_socket_tag, 8>);

// The trie compares what follows prefix_length as one string of bits.
static_assert(offsetof(sluice_verdict_key, prefix_length) == 0);
static_assert(offsetof(sluice_verdict_key, address) * 8 == 32 + SLUICE_VERDICT_FIXED_BITS);
static_assert(sizeof(sluice_verdict_key) - offsetof(sluice_verdict_key, address) == 16);

static_assert(offsetof(sluice_run, flags) == 4);
static_assert(offsetof(sluice_verdict, epoch) == 8);
static_assert(offsetof(sluice_verdict, rule) == 24);
static_assert(offsetof(sluice_listener, port) == 16);
static_assert(offsetof(sluice_flow_key, source_port) == 24);
static_assert(offsetof(sluice_flow, closed_ns) == 24);
static_assert(offsetof(sluice_flow, destination_port) == 48);
static_assert(offsetof(sluice_flow, rule) == 60);
static_assert(offsetof(sluice_socket, destination) == 64);
static_assert(offsetof(sluice_socket, flags) == 84);
static_assert(offsetof(sluice_event, destination) == 72);
static_assert(offsetof(sluice_event, kind) == 91);
static_assert(offsetof(sluice_event, reason) == 116);
static_assert(offsetof(sluice_query, destination_port) == 48);
static_assert(offsetof(sluice_place, destination_port) == 56);

}  // namespace
