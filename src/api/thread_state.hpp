// SPDX-License-Identifier: Apache-2.0
// What /threads and /threads/{thread_id}/state share.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

namespace heddle::api {

// `supersteps` of a body that the schema accepted: are their commands ones that a graph understands?
Result<void> checkSupersteps(JsonView supersteps);

}  // namespace heddle::api
