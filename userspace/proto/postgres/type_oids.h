// SPDX-License-Identifier: Apache-2.0
// The built-in types' OIDs, by the name that the codec uses.
#pragma once

#include <sluice/postgres_types.h>

namespace sluice::pg {
namespace oid = postgres_type;
}  // namespace sluice::pg
