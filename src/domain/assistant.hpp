// SPDX-License-Identifier: Apache-2.0
// An assistant: a graph with configuration. One system assistant exists for each graph.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

struct Assistant {
    AssistantId id;
    std::string graph_id;
    RawJson config = RawJson::trusted("{}");
    RawJson context = RawJson::trusted("{}");
    RawJson metadata = RawJson::trusted("{}");
    std::string name;
    std::optional<std::string> description;
    Timestamp created_at;
    Timestamp updated_at;
    std::int64_t version = 1;
};

// kNotFound. `name`: its id, or what was given as one.
[[nodiscard]] Problem noAssistant(std::string_view name);

// kBadRequest: which of the two should hold?
[[nodiscard]] Problem bothConfigurableAndContext();

// Sets config and context; each that is not given follows from the other one: the context is the config's
// "configurable". kBadRequest when both are given and contradict each other by naming both.
Result<void> setSettings(Assistant& assistant, const std::optional<RawJson>& config,
                         const std::optional<RawJson>& context);

// uuid5(6ba7b821-9dad-11d1-80b4-00c04fd430c8, graph_id), as LangGraph's servers make it.
[[nodiscard]] AssistantId systemAssistantId(std::string_view graph_id);

}  // namespace heddle
