// SPDX-License-Identifier: Apache-2.0
// `graphs` and `dependencies`.
#include "base/ids.hpp"
#include "config/env_file.hpp"
#include "config/import_path.hpp"
#include "config/loading.hpp"
#include "config/nearest.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace heddle::config {
namespace {

constexpr std::string_view kNative = "heddle:";

// What an entry may be, before its path is looked at.
struct Entry {
    std::string path;
    std::optional<std::string> description;
};

constexpr std::array<Key<Entry>, 2> kEntryKeys{{
    {"path", [](const Field& field, Entry& entry) { field.into(entry.path); }},
    {"description",
     [](const Field& field, Entry& entry) {
         entry.description = field.value.string();
         if (!entry.description) field.wrongType("a string");
     }},
}};

bool isLibrary(std::string_view place) {
    return place.ends_with(".so");
}

bool isJavaScript(const std::string& file) {
    constexpr std::array<std::string_view, 8> kEndings = {".ts", ".mts", ".cts", ".tsx",
                                                          ".js", ".mjs", ".cjs", ".jsx"};
    const auto ending = std::filesystem::path(file).extension().string();
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

void readNative(const Field& field, GraphSpec& graph, const Sources& sources) {
    graph.runtime = GraphRuntime::kNative;
    const auto& known = sources.native_graphs;
    if (std::find(known.begin(), known.end(), graph.name) != known.end()) return;
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto meant = nearest(graph.name, names);
    field.problem(meant ? "no such native graph; did you mean \"heddle:" + std::string(*meant) + "\"?"
                        : "no such native graph");
}

// A graph of a shared library; what is in it is seen when it is loaded.
void readLibrary(const Field& field, std::string_view file, GraphSpec& graph, const Config& config) {
    graph.runtime = GraphRuntime::kNative;
    graph.path = absolutePath(config.root, file);
    std::error_code ignored;
    if (!std::filesystem::exists(graph.path, ignored))
        field.problem("the library does not exist: " + graph.path + "; build it first");
    if (!isVariableName(graph.name))
        field.problem("the name after \":\" must be that of HEDDLE_GRAPH(name) in the library");
}

void readFilePath(const Field& field, std::string_view file, GraphSpec& graph, const Config& config) {
    graph.path = absolutePath(config.root, file);
    if (isJavaScript(graph.path)) {
        graph.runtime = GraphRuntime::kNode;
        field.problem("JavaScript graphs are not supported yet");
        return;
    }
    std::error_code ignored;
    if (!std::filesystem::exists(graph.path, ignored))
        field.problem("the file does not exist: " + graph.path);
}

// "./graphs.py:agent", "pkg.module:agent", "./libmine.so:make_graph" or "heddle:echo"
void readPath(const Field& field, std::string_view path, GraphSpec& graph, const Loading& loading) {
    const auto split = splitImportPath(path);
    if (!split) {
        field.problem("expected \"FILE:NAME\", as in \"./graphs.py:agent\"");
        return;
    }
    const auto& place = split->place;
    graph.name = split->name;
    if (path.starts_with(kNative)) {
        readNative(field, graph, loading.sources);
        return;
    }
    if (isLibrary(place)) {
        readLibrary(field, place, graph, loading.config);
        return;
    }
    if (isModule(place) && !isJavaScript(place)) {
        graph.module = place;
    } else {
        readFilePath(field, place, graph, loading.config);
    }
    if (graph.runtime == GraphRuntime::kPython && !isDottedName(graph.name)) {
        field.problem("the name after \":\" must be a Python name");
    }
}

void readGraph(const Field& field, std::string_view graph_id, Loading& loading) {
    GraphSpec graph;
    graph.graph_id = graph_id;
    Entry entry;
    if (field.value.isString()) {
        field.into(entry.path);
    } else if (field.value.isObject()) {
        readBlock<Entry>(field, kEntryKeys, {}, entry);
        if (!field.value.get("path")) field.problem("has no path");
    } else {
        field.wrongType("a string or an object");
    }
    graph.description = std::move(entry.description);
    if (graph_id.empty()) field.problem("a graph needs a name");
    if (Uuid::parse(graph_id))
        field.problem("a graph's name must not look like a UUID: those are assistants' ids");
    if (!entry.path.empty()) readPath(field, entry.path, graph, loading);
    loading.config.graphs.push_back(std::move(graph));
}

}  // namespace

void readGraphs(const Field& field, Loading& loading) {
    const auto fields = field.value.fields();
    const auto members = field.members();
    for (std::size_t i = 0; i < members.size(); ++i) readGraph(members[i], fields[i].key, loading);
    if (field.value.isObject() && members.empty()) field.problem("is empty: name at least one graph");
}

void readDependencies(const Field& field, Loading& loading) {
    for (const auto& element : field.elements()) {
        const auto name = element.text();
        if (!name) continue;
        if (name->starts_with('-')) {
            element.problem("expected a package or a folder, not an option of pip");
            continue;
        }
        if (!name->starts_with('.') && !name->starts_with('/')) {
            std::error_code none;
            if (std::filesystem::is_directory(absolutePath(loading.config.root, *name), none))
                element.warning("taken as the name of a package; the folder would be \"./" + *name + "\"");
            loading.config.requirements.push_back(*name);
            continue;
        }
        const auto folder = absolutePath(loading.config.root, *name);
        std::error_code ignored;
        if (!std::filesystem::is_directory(folder, ignored))
            element.problem("the folder does not exist: " + folder);
        loading.config.dependencies.push_back(folder);
    }
}

}  // namespace heddle::config
