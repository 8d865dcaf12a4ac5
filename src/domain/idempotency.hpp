// SPDX-License-Identifier: Apache-2.0
// The key by which a client marks a request that it may send again.
#pragma once

#include <string>

namespace heddle {

struct IdempotencyKey {
    std::string scope;   // whose key it is; empty while there are no users
    std::string key;     // as the client gave it
    std::string digest;  // of the request it stands for
};

}  // namespace heddle
