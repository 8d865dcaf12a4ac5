// SPDX-License-Identifier: Apache-2.0
#include "run/start_check.hpp"

#include "store/checkpoints.hpp"

#include <algorithm>

namespace heddle::run {
namespace {

std::optional<std::string> textAt(JsonView object, std::string_view key) {
    const auto value = object.get(key);
    auto text = value ? value->string() : std::nullopt;
    if (text && text->empty()) return std::nullopt;
    return text;
}

JsonView configurableOf(const Run& run) {
    return run.kwargs.config.view().get("configurable").value_or(JsonView());
}

// Native graphs keep JSON, workers their own serialisation.
constexpr std::string_view kNativeType = "json";

}  // namespace

std::optional<std::string> askedCheckpoint(const Run& run) {
    const JsonView configurable = configurableOf(run);
    if (!textAt(configurable, "checkpoint_ns")) return textAt(configurable, "checkpoint_id");
    // A subgraph's checkpoint: the map says which of the graph's own belongs to it.
    const auto map = configurable.get("checkpoint_map");
    return map ? textAt(*map, "") : std::nullopt;
}

Result<void> checkStart(sql::Connection& db, const Run& run, const std::vector<std::string>& native_graphs) {
    const std::string thread = run.thread_id.str();
    const JsonView configurable = configurableOf(run);
    const auto id = textAt(configurable, "checkpoint_id");
    const auto ns = textAt(configurable, "checkpoint_ns");
    if (id && !store::hasCheckpoint(db, thread, ns.value_or(""), *id)) {
        return Problem::notFound("checkpoint_id: the thread has no such checkpoint");
    }
    const auto root = askedCheckpoint(run);
    if (id && ns && !root) {
        return Problem::invalid(
            "checkpoint.checkpoint_map: needed to start from a subgraph's checkpoint; give the whole "
            "`checkpoint` of "
            "its state");
    }
    if (ns && root && !store::hasCheckpoint(db, thread, "", *root)) {
        return Problem::notFound("checkpoint.checkpoint_map: the thread has no such checkpoint");
    }
    const auto type = store::latestCheckpointType(db, thread, "");
    if (!type) return {};
    const bool native = std::ranges::find(native_graphs, run.graph_id) != native_graphs.end();
    if (native == (*type == kNativeType)) return {};
    return Problem::conflict("The thread's checkpoints were written by " +
                             std::string(native ? "a worker's graph" : "a native graph") + ", which '" +
                             run.graph_id + "' cannot read; use another thread");
}

}  // namespace heddle::run
