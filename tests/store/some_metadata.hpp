// SPDX-License-Identifier: Apache-2.0
// Metadata for searches that are compared with a model: kept by the index, partly, and not at all.
#pragma once

#include "base/json.hpp"

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace heddle::test {

// Each of a few fields with a probability of one in `one_in`.
inline std::string someMetadata(std::mt19937& random, unsigned one_in) {
    // "kind" is common enough to be walked, "user" rare; "list" and "deep" are not in the index.
    static const std::vector<std::pair<std::string, std::vector<std::string>>> fields = {
        {"kind", {"\"agent\"", "\"agent\"", "\"agent\"", "\"other\""}},
        {"user", {"1", "2", "3", "4", "5", "6.0", "7", "8"}},
        {"flag", {"true", "null", "\"true\""}},
        {"list", {"[1,2]", "[2]", "[]"}},
        {"deep",
         {"{\"a\":1}", "{\"a\":1,\"b\":2}", "{}", "{\"a\":{\"b\":1.0}}", "{\"a\":{\"b\":1,\"c\":[2]}}",
          "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", "{\"a\":[1,2],\"b\":2}",
          "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}"}},
    };
    JsonWriter out;
    out.beginObject();
    for (const auto& [key, values] : fields) {
        if (random() % one_in != 0) continue;
        out.key(key).raw(values[random() % values.size()]);
    }
    out.endObject();
    return out.take();
}

}  // namespace heddle::test
