// SPDX-License-Identifier: Apache-2.0
// Boost.JSON is used from its headers alone; this is the one file that compiles it.
#include <boost/json/src.hpp>
