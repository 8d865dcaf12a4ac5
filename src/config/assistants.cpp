// SPDX-License-Identifier: Apache-2.0
// LANGGRAPH_CONFIG: for each graph's id the config and context of its system assistant. A graph's value is a
// config as runs have it ("configurable", "tags", …) with "context" beside its keys; the config may also
// stand apart as "config". The values may be secrets: no report repeats them.
#include "config/loading.hpp"
#include "config/nearest.hpp"
#include "domain/assistant.hpp"

#include <algorithm>

namespace heddle::config {
namespace {

struct Settings {
    std::optional<RawJson> config;
    std::optional<RawJson> context;
};

bool isObject(const Field& field) {
    if (!field.value.isObject()) field.wrongType("an object");
    return field.value.isObject();
}

// Of the keys that mean something to the server; others belong to the graph.
void checkConfigKey(const Field& field, std::string_view name) {
    if (name == "configurable" || name == "metadata") {
        isObject(field);
    } else if (name == "tags") {
        (void)field.texts();
    } else if (name == "recursion_limit") {
        (void)field.integer(1, 1'000'000'000);
    }
}

Field member(const Field& graph, const JsonField& entry) {
    return Field{graph.key + "." + entry.key, entry.value, graph.findings};
}

// The config from `graph`'s own keys.
RawJson configOf(const Field& graph) {
    JsonWriter writer;
    writer.beginObject();
    for (const auto& entry : graph.value.fields()) {
        if (entry.key == "context" || entry.value.isNull()) continue;
        checkConfigKey(member(graph, entry), entry.key);
        writer.key(entry.key).raw(RawJson::copy(entry.value));
    }
    writer.endObject();
    return RawJson::trusted(writer.take());
}

Settings settingsOf(const Field& graph) {
    Settings settings;
    const auto config = graph.value.get("config");
    if (config && !config->isNull()) {
        const Field apart{graph.key + ".config", *config, graph.findings};
        for (const auto& entry : graph.value.fields()) {
            if (entry.key != "config" && entry.key != "context")
                member(graph, entry).problem("belongs into \"config\", which is given too");
        }
        if (isObject(apart)) settings.config = configOf(apart);
    } else {
        settings.config = configOf(graph);
    }
    const auto context = graph.value.get("context");
    if (context && !context->isNull() && isObject(Field{graph.key + ".context", *context, graph.findings}))
        settings.context = RawJson::copy(*context);
    return settings;
}

GraphSpec* graphNamed(const Field& field, std::string_view id, Config& config) {
    const auto found = std::find_if(config.graphs.begin(), config.graphs.end(),
                                    [&](const GraphSpec& graph) { return graph.graph_id == id; });
    if (found != config.graphs.end()) return &*found;
    std::vector<std::string_view> ids;
    ids.reserve(config.graphs.size());
    for (const auto& graph : config.graphs) ids.emplace_back(graph.graph_id);
    const auto meant = nearest(id, ids);
    field.problem(meant ? "there is no such graph; did you mean \"" + std::string(*meant) + "\"?"
                        : "there is no such graph");
    return nullptr;
}

}  // namespace

void readAssistants(const Field& field, Loading& loading) {
    if (!isObject(field)) return;
    for (const auto& entry : field.value.fields()) {
        const Field graph = member(field, entry);
        GraphSpec* const spec = graphNamed(graph, entry.key, loading.config);
        if (spec == nullptr || entry.value.isNull() || !isObject(graph)) continue;
        const auto settings = settingsOf(graph);
        Assistant assistant;
        const auto set = setSettings(assistant, settings.config, settings.context);
        if (!set) graph.problem("has both configurable and context: give one of them");
        spec->config = assistant.config;
        spec->context = assistant.context;
    }
}

}  // namespace heddle::config
