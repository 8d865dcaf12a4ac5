// SPDX-License-Identifier: Apache-2.0
// An item of the store (LangGraph's BaseStore).
#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <string>
#include <vector>

namespace heddle {

using Namespace = std::vector<std::string>;

struct Item {
    Namespace ns;
    std::string key;
    RawJson value = RawJson::trusted("{}");
    Timestamp created_at;
    Timestamp updated_at;
};

}  // namespace heddle
