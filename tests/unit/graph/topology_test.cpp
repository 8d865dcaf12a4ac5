// SPDX-License-Identifier: Apache-2.0
#include "graph/native/topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace heddle::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// plan → ask → (write or the end)
GraphPlan article() {
    GraphPlan plan;
    plan.nodes = {"plan", "ask", "write"};
    plan.edges = {{"__start__", "plan"}, {"plan", "ask"}, {"write", "__end__"}};
    plan.branches = {{"ask", {"write", "__end__"}}};
    return plan;
}

std::string faultOf(const std::function<void(GraphPlan&)>& change) {
    GraphPlan plan = article();
    change(plan);
    const auto built = Topology::build(std::move(plan));
    return built ? "" : built.error().detail;
}

TEST(Topology, LeadsFromStartToEnd) {
    const auto graph = Topology::build(article());
    ASSERT_TRUE(graph);
    EXPECT_THAT(graph->after("__start__"), ElementsAre("plan"));
    EXPECT_THAT(graph->after("plan"), ElementsAre("ask"));
    EXPECT_THAT(graph->after("write"), IsEmpty());
    EXPECT_EQ(graph->branchOf("ask"), 0U);
    EXPECT_FALSE(graph->branchOf("plan"));
    EXPECT_TRUE(graph->has("ask"));
    EXPECT_FALSE(graph->has("__end__"));
}

TEST(Topology, ANodeWithoutEdgesIsTheLast) {
    GraphPlan plan = article();
    plan.edges.pop_back();
    EXPECT_THAT(Topology::build(std::move(plan)).value().after("write"), IsEmpty());
}

TEST(Topology, ARouteChoosesAmongItsTargets) {
    const auto graph = Topology::build(article()).value();
    EXPECT_THAT(graph.chosen(0, "write").value(), ElementsAre("write"));
    EXPECT_THAT(graph.chosen(0, "__end__").value(), IsEmpty());
    EXPECT_EQ(graph.chosen(0, "plan").error().detail,
              R"(the route of "ask" chose "plan", which is not one of its targets)");
    EXPECT_EQ(graph.chosen(0, "fly").error().detail, R"(the route of "ask" chose "fly", which is no node)");
}

TEST(Topology, ARouteWithoutTargetsMayChooseAnyNode) {
    GraphPlan plan = article();
    plan.branches[0].targets.clear();
    const auto graph = Topology::build(std::move(plan)).value();
    EXPECT_THAT(graph.chosen(0, "plan").value(), ElementsAre("plan"));
    EXPECT_THAT(graph.chosen(0, "__end__").value(), IsEmpty());
    EXPECT_FALSE(graph.chosen(0, "__start__"));
}

TEST(Topology, FaultsNameTheNode) {
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan = {}; }), HasSubstr("no node"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.nodes.emplace_back(); }), HasSubstr("has no name"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.nodes.emplace_back("ask"); }),
                HasSubstr(R"(two nodes "ask")"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.nodes.emplace_back("__end__"); }),
                HasSubstr(R"(called "__end__")"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.nodes.emplace_back("lonely"); }),
                HasSubstr(R"(no edge leads to node "lonely")"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.edges.erase(plan.edges.begin()); }),
                HasSubstr("no entry"));
}

TEST(Topology, FaultsOfEdgesNameWhereTheyLead) {
    EXPECT_THAT(faultOf([](GraphPlan& plan) {
                    plan.edges.push_back({"fly", "plan"});
                }),
                HasSubstr(R"(the node "fly", which does not exist)"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.branches[0].targets.emplace_back("fly"); }),
                HasSubstr(R"(the node "fly", which does not exist)"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) {
                    plan.edges.push_back({"plan", "write"});
                }),
                HasSubstr(R"(node "plan" has two edges)"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) {
                    plan.edges.push_back({"ask", "write"});
                }),
                HasSubstr(R"(node "ask" has two edges)"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) {
                    plan.edges.push_back({"__start__", "write"});
                }),
                HasSubstr("START has two edges"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) {
                    plan.edges.push_back({"__end__", "plan"});
                }),
                HasSubstr("begins at END"));
    EXPECT_THAT(faultOf([](GraphPlan& plan) { plan.edges.back().to = "__start__"; }),
                HasSubstr("leads to START"));
}

TEST(Topology, DrawsWhatPythonGraphsDraw) {
    const auto drawn = Topology::build(article()).value().drawing();
    EXPECT_THAT(drawn.text(), HasSubstr(R"({"source":"ask","target":"__end__","conditional":true})"));
    EXPECT_THAT(drawn.text(), HasSubstr(R"({"source":"__start__","target":"plan"})"));
    EXPECT_THAT(drawn.text(), HasSubstr(R"({"id":"plan","type":"runnable","data":{"name":"plan"}})"));
    EXPECT_THAT(drawn.text(), HasSubstr(R"({"id":"__end__"})"));
}

}  // namespace
}  // namespace heddle::graph
