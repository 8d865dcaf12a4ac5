// SPDX-License-Identifier: Apache-2.0
// A question about a graph itself: what it looks like, what it takes and gives.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace heddle {

struct GraphQuestion {
    enum class What {
        kDrawing,    // {"nodes", "edges"}
        kSchemas,    // {"graph_id", "input_schema", "output_schema", "state_schema", "config_schema",
                     // "context_schema"}
        kSubgraphs,  // {namespace: the same schemas}
    };
    What what = What::kDrawing;
    std::string graph_id;
    RawJson config = RawJson::trusted("{}");  // for graphs that are made by a function of it
    // kDrawing: how deep subgraphs are drawn, 0: not at all; nothing: all the way.
    std::optional<std::int64_t> depth = 0;
    std::optional<std::string> ns;  // kSubgraphs: only this one
    bool recurse = false;           // kSubgraphs: also those within
};

// What makes two answers equal.
[[nodiscard]] std::string toKey(const GraphQuestion& question);

}  // namespace heddle
