// SPDX-License-Identifier: Apache-2.0
#include "graph/native/topology.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace heddle::graph {
namespace {

std::string quoted(std::string_view name) {
    return "\"" + std::string(name) + "\"";
}

bool isEnd(std::string_view name) {
    return name == kStartNode || name == kEndNode;
}

void writeEdge(JsonWriter& out, std::string_view source, std::string_view target, bool conditional) {
    out.beginObject().key("source").string(source).key("target").string(target);
    if (conditional) out.key("conditional").boolean(true);
    out.endObject();
}

}  // namespace

Topology::Topology(GraphPlan plan) : plan_(std::move(plan)) {
    for (const auto& edge : plan_.edges) next_.emplace(edge.from, edge.to);
    for (std::size_t i = 0; i < plan_.branches.size(); ++i) branch_of_.emplace(plan_.branches[i].from, i);
}

Topology Topology::single(std::string node) {
    GraphPlan plan;
    plan.edges = {{std::string(kStartNode), node}, {node, std::string(kEndNode)}};
    plan.nodes = {std::move(node)};
    return Topology(std::move(plan));
}

Result<Topology> Topology::build(GraphPlan plan) {
    Topology topology(std::move(plan));
    if (const auto fault = topology.fault()) return Problem::invalid(*fault);
    return topology;
}

std::optional<std::string> Topology::fault() const {
    if (plan_.nodes.empty()) return "it has no node: add one with graph.node(NAME, FUNCTION)";
    if (auto fault = nameFault()) return fault;
    if (auto fault = edgeFault()) return fault;
    if (!next_.contains(kStartNode) && !branch_of_.contains(kStartNode)) {
        return "it has no entry: add graph.edge(heddle::START, " + quoted(plan_.nodes.front()) + ")";
    }
    return reachFault();
}

std::optional<std::string> Topology::nameFault() const {
    std::set<std::string_view> seen;
    for (const auto& node : plan_.nodes) {
        if (node.empty()) return "a node has no name";
        if (isEnd(node)) return "no node may be called " + quoted(node) + ": the name is reserved";
        if (!seen.insert(node).second) return "there are two nodes " + quoted(node) + ": names are unique";
    }
    return std::nullopt;
}

std::optional<std::string> Topology::placeFault(std::string_view from,
                                                const std::vector<std::string>& to) const {
    const auto unknown = [](std::string_view place) {
        return "an edge names the node " + quoted(place) + ", which does not exist: add it with graph.node()";
    };
    if (from == kEndNode) return "an edge begins at END: nothing follows the end";
    if (from != kStartNode && !has(from)) return unknown(from);
    for (const auto& target : to) {
        if (target == kStartNode) return "an edge leads to START: name the first node instead";
        if (target != kEndNode && !has(target)) return unknown(target);
    }
    return std::nullopt;
}

std::optional<std::string> Topology::edgeFault() const {
    std::set<std::string_view> taken;
    const auto again = [](std::string_view from) {
        const std::string whose = from == kStartNode ? "START" : "node " + quoted(from);
        return whose +
               " has two edges, but nodes run one after the other: keep one, or choose between them "
               "with graph.conditional_edges()";
    };
    for (const auto& edge : plan_.edges) {
        if (auto fault = placeFault(edge.from, {edge.to})) return fault;
        if (!taken.insert(edge.from).second) return again(edge.from);
    }
    for (const auto& branch : plan_.branches) {
        if (auto fault = placeFault(branch.from, branch.targets)) return fault;
        if (!taken.insert(branch.from).second) return again(branch.from);
    }
    return std::nullopt;
}

// A node that nothing leads to is a forgotten edge.
std::optional<std::string> Topology::reachFault() const {
    std::set<std::string, std::less<>> reached;
    std::vector<std::string> open = {std::string(kStartNode)};
    while (!open.empty()) {
        const std::string from = std::move(open.back());
        open.pop_back();
        if (!reached.insert(from).second) continue;
        const auto branch = branchOf(from);
        auto to = branch ? targetsOf(plan_.branches[*branch]) : after(from);
        for (auto& target : to) open.push_back(std::move(target));
    }
    for (const auto& node : plan_.nodes) {
        if (!reached.contains(node))
            return "no edge leads to node " + quoted(node) + ": add one, or remove it";
    }
    return std::nullopt;
}

bool Topology::has(std::string_view node) const {
    return std::find(plan_.nodes.begin(), plan_.nodes.end(), node) != plan_.nodes.end();
}

std::optional<std::size_t> Topology::branchOf(std::string_view from) const {
    const auto found = branch_of_.find(from);
    if (found == branch_of_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> Topology::after(std::string_view from) const {
    const auto found = next_.find(from);
    if (found == next_.end() || found->second == kEndNode) return {};
    return {found->second};
}

std::vector<std::string> Topology::targetsOf(const GraphPlan::Branch& branch) const {
    if (!branch.targets.empty()) return branch.targets;
    auto all = plan_.nodes;
    all.emplace_back(kEndNode);
    return all;
}

Result<std::vector<std::string>> Topology::chosen(std::size_t branch, std::string_view name) const {
    const auto& from = plan_.branches.at(branch).from;
    const auto targets = targetsOf(plan_.branches.at(branch));
    if (std::find(targets.begin(), targets.end(), name) == targets.end()) {
        return Problem::invalid(
            "the route of " + quoted(from) + " chose " + quoted(name) +
            (has(name) || name == kEndNode ? ", which is not one of its targets" : ", which is no node"));
    }
    if (name == kEndNode) return std::vector<std::string>();
    return std::vector<std::string>{std::string(name)};
}

RawJson Topology::drawing() const {
    JsonWriter out;
    out.beginObject().key("nodes").beginArray();
    auto places = plan_.nodes;
    places.emplace(places.begin(), kStartNode);
    for (const auto& place : places) {
        out.beginObject().key("id").string(place).key("type").string("runnable");
        out.key("data").beginObject().key("name").string(place).endObject().endObject();
    }
    out.beginObject().key("id").string(kEndNode).endObject();
    out.endArray().key("edges").beginArray();
    for (const auto& place : places) {
        const auto branch = branchOf(place);
        if (branch) {
            for (const auto& target : targetsOf(plan_.branches[*branch])) writeEdge(out, place, target, true);
            continue;
        }
        const auto next = after(place);
        writeEdge(out, place, next.empty() ? kEndNode : std::string_view(next.front()), false);
    }
    out.endArray().endObject();
    return RawJson::trusted(out.take());
}

}  // namespace heddle::graph
