// SPDX-License-Identifier: Apache-2.0
#include "graph/native/library.hpp"

#include "graph/native/shared_object.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace heddle::graph {
namespace {

std::string textOf(const heddle_text& text) {
    return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

// The loader's reason on one line, without the path, which is said already.
std::string loaderReason(const std::string& path) {
    const char* const said = dlerror();
    std::string reason = said == nullptr ? "the loader does not say why" : said;
    if (reason.starts_with(path + ": ")) reason.erase(0, path.size() + 2);
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    return reason;
}

// dlsym gives what is a function as a pointer to data.
template <class Function>
Function symbol(void* library, const std::string& name) {
    return reinterpret_cast<Function>(dlsym(library, name.c_str()));
}

Result<const heddle_graph*> tableOf(void* library, const std::string& path, const std::string& name) {
    const auto make = symbol<heddle_graph_function>(library, name);
    const auto abi = symbol<heddle_abi_function>(library, name + "_heddle_abi");
    if (abi == nullptr) {
        return Problem::invalid(path + " has no graph \"" + name + "\": define it with HEDDLE_GRAPH(" + name +
                                ")");
    }
    const auto version = abi();
    if (version != HEDDLE_ABI_VERSION) {
        return Problem::invalid(path + " was built for version " + std::to_string(version) +
                                " of Heddle's graph ABI, this server has version " +
                                std::to_string(HEDDLE_ABI_VERSION) +
                                ": build it with the headers of this server's version");
    }
    const auto* const table = make == nullptr ? nullptr : make();
    if (table == nullptr || table->size < sizeof(heddle_graph)) {
        return Problem::invalid(path + ": the function \"" + name + "\" returned no graph");
    }
    return table;
}

}  // namespace

Result<LibraryParts> readTable(const heddle_graph& table) {
    if (table.error.size > 0) return Problem::invalid("it could not be made: " + textOf(table.error));
    GraphPlan plan;
    std::vector<heddle_node> nodes(table.nodes, table.nodes + table.node_count);
    std::vector<heddle_branch> branches(table.branches, table.branches + table.branch_count);
    for (const auto& node : nodes) {
        plan.nodes.push_back(textOf(node.name));
        if (node.call == nullptr)
            return Problem::invalid("node \"" + plan.nodes.back() + "\" has no function");
    }
    for (std::size_t i = 0; i < table.edge_count; ++i) {
        plan.edges.push_back({textOf(table.edges[i].from), textOf(table.edges[i].to)});
    }
    for (const auto& branch : branches) {
        auto& made = plan.branches.emplace_back();
        made.from = textOf(branch.from);
        for (std::size_t i = 0; i < branch.target_count; ++i)
            made.targets.push_back(textOf(branch.targets[i]));
        if (branch.route == nullptr) return Problem::invalid("the route of \"" + made.from + "\" is missing");
    }
    for (std::size_t i = 0; i < table.appended_count; ++i) plan.appended.push_back(textOf(table.appended[i]));
    auto topology = Topology::build(std::move(plan));
    if (!topology) return topology.error();
    return LibraryParts{std::move(*topology), std::move(nodes), std::move(branches)};
}

Result<LibraryParts> loadLibrary(const std::string& path, const std::string& name) {
    if (const auto fault = sharedObjectFault(path)) return Problem::invalid(path + " " + *fault);
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        return Problem::invalid(path + " cannot be loaded: " + loaderReason(path) +
                                "; link the library with everything it uses (ldd shows what is missing)");
    }
    const auto table = tableOf(library, path, name);
    if (!table) return table.error();
    auto parts = readTable(**table);
    if (!parts) return Problem::invalid("\"" + name + "\" of " + path + ": " + parts.error().detail);
    return parts;
}

}  // namespace heddle::graph
