// SPDX-License-Identifier: Apache-2.0
// The one place where Boost.JSON's own code is compiled; everybody else includes <boost/json.hpp>.
#include <boost/json/src.hpp>
