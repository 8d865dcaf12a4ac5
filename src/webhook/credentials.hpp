// SPDX-License-Identifier: Apache-2.0
// What proves to receivers that it is us; may change while the server runs (SIGHUP).
#pragma once

#include "base/secret.hpp"

#include <string>
#include <utility>
#include <vector>

namespace heddle::webhook {

struct Credentials {
    std::vector<std::pair<std::string, Secret>> headers;  // added to every request
    std::vector<Secret> signing_keys;                     // decoded; each signs. Empty: no signature
};

}  // namespace heddle::webhook
