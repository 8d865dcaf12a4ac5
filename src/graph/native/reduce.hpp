// SPDX-License-Identifier: Apache-2.0
// What an update makes of a state. Pure functions.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace heddle::graph {

// What an update writes: an object whose keys replace those of `state`. Of the keys in `appended` the state's
// list comes with what the update has (a list's elements, or one value) behind it. `update`: an object, or
// null for nothing. kInvalid, naming the key, where a state has no list at such a key.
[[nodiscard]] Result<RawJson> reduce(JsonView state, JsonView update,
                                     const std::vector<std::string>& appended);

}  // namespace heddle::graph
