// SPDX-License-Identifier: Apache-2.0
// The nodes and edges of a native graph: one node after the other, from START to END. Pure values, no I/O.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

inline constexpr std::string_view kStartNode = "__start__";
inline constexpr std::string_view kEndNode = "__end__";

// A graph as its author wrote it down.
struct GraphPlan {
    struct Edge {
        std::string from;
        std::string to;
    };
    struct Branch {
        std::string from;
        std::vector<std::string> targets;  // what its route may choose; empty: any node and the end
    };
    std::vector<std::string> nodes;
    std::vector<Edge> edges;
    std::vector<Branch> branches;       // conditional edges
    std::vector<std::string> appended;  // keys whose lists grow
};

class Topology {
  public:
    // The graph of one node. A run of it begins and ends there.
    static Topology single(std::string node);
    // kInvalid with a sentence that names the node or edge and says what to do.
    static Result<Topology> build(GraphPlan plan);

    [[nodiscard]] bool has(std::string_view node) const;
    [[nodiscard]] const std::vector<std::string>& nodes() const { return plan_.nodes; }
    [[nodiscard]] const std::vector<std::string>& appended() const { return plan_.appended; }

    // The conditional edges behind `from` (a node or START), as their place in the plan; nothing: it has an
    // edge, or the end, behind it.
    [[nodiscard]] std::optional<std::size_t> branchOf(std::string_view from) const;
    // What follows where there are no conditional edges: one node, or nothing at the end.
    [[nodiscard]] std::vector<std::string> after(std::string_view from) const;
    // What follows when the route of `branch` chose `name`. kInvalid where it may not.
    [[nodiscard]] Result<std::vector<std::string>> chosen(std::size_t branch, std::string_view name) const;

    // {"nodes", "edges"}, as `GET /assistants/{id}/graph` answers.
    [[nodiscard]] RawJson drawing() const;

  private:
    explicit Topology(GraphPlan plan);
    [[nodiscard]] std::optional<std::string> fault() const;
    [[nodiscard]] std::optional<std::string> nameFault() const;
    [[nodiscard]] std::optional<std::string> edgeFault() const;
    [[nodiscard]] std::optional<std::string> placeFault(std::string_view from,
                                                        const std::vector<std::string>& to) const;
    [[nodiscard]] std::optional<std::string> reachFault() const;
    [[nodiscard]] std::vector<std::string> targetsOf(const GraphPlan::Branch& branch) const;

    GraphPlan plan_;
    std::map<std::string, std::string, std::less<>> next_;
    std::map<std::string, std::size_t, std::less<>> branch_of_;
};

}  // namespace heddle::graph
