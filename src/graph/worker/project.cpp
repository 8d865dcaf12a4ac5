// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/project.hpp"

#include "base/json.hpp"
#include "graph/worker/process.hpp"

#include <string_view>

namespace heddle::graph {
namespace {

void writeIndex(JsonWriter& out, const std::optional<StoreIndex>& index) {
    if (!index) {
        out.null();
        return;
    }
    out.beginObject().key("dims").integer(index->dims);
    if (index->model.empty()) {
        out.key("path").string(index->path).key("export").string(index->name);
    } else {
        out.key("model").string(index->model);
    }
    out.key("fields").beginArray();
    for (const auto& field : index->fields) out.string(field);
    out.endArray().endObject();
}

}  // namespace

std::string projectJson(const WorkerOptions& options) {
    JsonWriter out;
    out.beginObject();
    out.key("root").string(options.root);
    const auto list = [&out](std::string_view key, const std::vector<std::string>& texts) {
        out.key(key).beginArray();
        for (const auto& text : texts) out.string(text);
        out.endArray();
    };
    list("dependencies", options.dependencies);
    list("requirements", options.requirements);
    out.key("graphs").beginArray();
    for (const auto& graph : options.graphs) {
        out.beginObject();
        out.key("graph_id").string(graph.graph_id);
        out.key("path").string(graph.path);
        out.key("export").string(graph.name);
        out.endObject();
    }
    out.endArray();
    out.key("store_ttl").beginObject().key("default_ttl_us");
    if (options.item_ttl) {
        out.integer(options.item_ttl->count());
    } else {
        out.null();
    }
    out.key("refresh_on_read").boolean(options.refresh_items).endObject();
    writeIndex(out.key("store_index"), options.store_index);
    return out.endObject().take();
}

std::vector<std::string> projectEnvironment(const WorkerOptions& options,
                                            const std::vector<std::string>& base,
                                            const std::vector<std::pair<std::string, std::string>>& more) {
    std::vector<std::pair<std::string, std::string>> all;
    std::string python_path;
    for (const auto& folder : options.python_path) python_path += (python_path.empty() ? "" : ":") + folder;
    const auto prolong = [&](std::string_view old) {
        if (!old.empty()) python_path += (python_path.empty() ? "" : ":") + std::string(old);
    };
    bool configured = false;
    for (const auto& [name, value] : options.env) {
        if (name == "PYTHONPATH") {
            prolong(value.reveal());
            configured = true;
        } else if (!name.starts_with("HEDDLE_")) {
            all.emplace_back(name, value.reveal());
        }
    }
    constexpr std::string_view kPythonPath = "PYTHONPATH=";
    for (const auto& entry : base) {
        if (!configured && entry.starts_with(kPythonPath))
            prolong(std::string_view(entry).substr(kPythonPath.size()));
    }
    if (!python_path.empty()) all.emplace_back("PYTHONPATH", python_path);
    all.insert(all.end(), more.begin(), more.end());
    return workerEnvironment(base, all);
}

}  // namespace heddle::graph
