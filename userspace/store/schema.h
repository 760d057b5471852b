// SPDX-License-Identifier: Apache-2.0
// The store's schema as the list of steps that led to it. A step that was released never changes.
#pragma once

#include <span>

namespace sluice::store {

std::span<const char* const> migrations();

}  // namespace sluice::store
