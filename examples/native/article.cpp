// SPDX-License-Identifier: Apache-2.0
// A graph of three nodes: `plan` makes a plan and tells how it gets on, `review` asks a person, and `write`
// writes if the plan was approved. The JSON library is this project's choice; Heddle wants texts only.
#include <heddle/graph.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

Json message(const std::string& content) {
    return Json::array({{{"role", "assistant"}, {"content", content}}});
}

std::string plan(heddle::RunContext& run) {
    const Json state = Json::parse(run.state());
    const std::string topic = state.value("topic", "");
    if (topic.empty()) throw heddle::GraphError("ValueError", "the input needs a topic");
    Json sections = Json::array();
    for (const char* part : {"What it is", "Why it matters", "How to begin"}) {
        sections.push_back(topic + ": " + part);
        run.emit(Json({{"planned", sections.back()}}).dump());  // stream mode `custom`
        run.sleep(50ms);                                        // ends at once when the run is cancelled
    }
    const int round = state.value("round", 0) + 1;
    return Json({{"plan", sections}, {"round", round}, {"messages", message("I have a plan.")}}).dump();
}

std::string review(heddle::RunContext& run) {
    const Json state = Json::parse(run.state());
    const Json question = {{"question", "Shall I write this?"}, {"plan", state["plan"]}};
    // The run ends here the first time. With {"command": {"resume": "yes"}} it comes back with "yes".
    const Json answer = Json::parse(run.interrupt(question.dump()));
    return Json({{"verdict", answer}}).dump();
}

// What follows on the review.
std::string afterReview(std::string_view state) {
    const Json verdict = Json::parse(state)["verdict"];
    if (verdict == "yes") return "write";
    if (verdict == "again") return "plan";
    return heddle::END;
}

std::string write(heddle::RunContext& run) {
    const Json state = Json::parse(run.state());
    std::string text;
    for (const auto& section : state["plan"]) {
        run.emit(Json({{"writing", section}}).dump());
        text += section.get<std::string>() + ".\n";
    }
    return Json({{"text", text}, {"messages", message("It is written.")}}).dump();
}

}  // namespace

HEDDLE_GRAPH(make_article) {
    heddle::Graph graph;
    graph.node("plan", plan).node("review", review).node("write", write);
    graph.edge(heddle::START, "plan").edge("plan", "review").edge("write", heddle::END);
    graph.conditional_edges("review", afterReview, {"write", "plan", heddle::END});
    graph.append("messages");
    return graph;
}
