// SPDX-License-Identifier: Apache-2.0
// Graphs that the tests of native graphs run. JSON by hand: the library needs nothing but Heddle's headers.
#include <heddle/graph.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using heddle::Graph;
using heddle::RunContext;

std::string folder() {
    const char* const path = std::getenv("STORY_FOLDER");
    if (path == nullptr) throw std::runtime_error("STORY_FOLDER is not set");
    return path;
}

void note(const std::string& line) {
    std::ofstream(folder() + "/notes", std::ios::app) << line << "\n";
}

bool has(std::string_view json, std::string_view what) {
    return json.find(what) != std::string_view::npos;
}

Graph line(heddle::Node node) {
    Graph graph;
    graph.node("node", std::move(node)).edge(heddle::START, "node").edge("node", heddle::END);
    return graph;
}

std::string first(RunContext&) {
    note("first");
    return R"({"log": ["first"]})";
}

// Until the test makes the file `go`.
std::string second(RunContext& run) {
    note("second");
    while (!std::ifstream(folder() + "/go")) run.sleep(std::chrono::milliseconds(5));
    return R"({"log": "second", "done": true})";
}

// What is answered "wait" makes the file `waits` and waits for a cancel.
std::string ask(RunContext& run, std::string_view question) {
    const std::string answer = run.interrupt(question);
    if (answer != "\"wait\"") return answer;
    std::ofstream(folder() + "/waits").flush();
    run.sleep(std::chrono::hours(1));
    return answer;
}

std::string twoQuestions(RunContext& run) {
    const std::string one = ask(run, R"({"ask": 1})");
    const std::string two = ask(run, R"({"ask": 2})");
    return R"({"answers": [)" + one + "," + two + "]}";
}

// Swallows what ends it; the question is asked all the same.
std::string swallowing(RunContext& run) {
    try {
        return R"({"answer": )" + run.interrupt("\"?\"") + "}";
    } catch (...) {
        return R"({"answer": "made up"})";
    }
}

std::string failing(RunContext& run) {
    if (has(run.state(), "graph")) throw heddle::GraphError("OddError", "no \"luck\"");
    if (has(run.state(), "standard")) throw std::runtime_error("broken");
    if (has(run.state(), "number")) throw 7;
    if (has(run.state(), "emit")) run.emit("{no json");
    if (has(run.state(), "text")) return "{no json";
    if (has(run.state(), "list")) return "[1]";
    return "null";
}

std::string sleeping(RunContext& run) {
    run.emit("\"asleep\"");
    run.sleep(std::chrono::hours(24 * 365 * 1000));
    return "null";
}

// Nobody but the test can end it, by writing to the pipe.
std::string blocked() {
    std::string text;
    std::ifstream(folder() + "/pipe") >> text;
    return text;
}

std::string blocking(RunContext& run) {
    run.emit("\"blocked\"");
    blocked();
    return R"({"pipe": "read"})";
}

// Blocks with a file locked, until the child ends whose id it leaves in `child`.
std::string reading(RunContext&) {
    const std::string command = "echo $$ >" + folder() + "/child.new; mv " + folder() + "/child.new " +
                                folder() + "/child; exec sleep 300 2>/dev/null";
    FILE* const child = popen(command.c_str(), "r");
    if (child == nullptr) throw std::runtime_error("popen failed");
    char text[8];
    while (std::fread(text, 1, sizeof(text), child) > 0) continue;
    pclose(child);
    return "null";
}

std::string flooding(RunContext& run) {
    const std::string text(100, 'x');
    for (int n = 0; n < 100000; ++n)
        run.emit("{\"n\": " + std::to_string(n) + ", \"text\": \"" + text + "\"}");
    return R"({"sent": 100000})";
}

std::string telling(RunContext& run) {
    const char* const variable = std::getenv("STORY_VARIABLE");
    const char* const given = std::getenv("STORY_GIVEN");
    const bool keys =
        std::getenv("HEDDLE_API_KEYS") != nullptr || std::getenv("HEDDLE_API_KEYS_FILE") != nullptr;
    return R"({"keys": )" + std::string(keys ? "true" : "false") + R"(, "variable": ")" +
           std::string(variable == nullptr ? "" : variable) + R"(", "given": ")" +
           std::string(given == nullptr ? "" : given) + R"(", "input": )" + std::string(run.input()) +
           R"(, "config": )" + std::string(run.config()) + R"(, "context": )" + std::string(run.context()) +
           R"(, "node": ")" + std::string(run.node()) + "\"}";
}

std::string none(RunContext&) {
    return "null";
}

}  // namespace

HEDDLE_GRAPH(make_steps) {
    Graph graph;
    graph.node("first", first).node("second", second).append("log");
    return graph.edge(heddle::START, "first").edge("first", "second").edge("second", heddle::END);
}

HEDDLE_GRAPH(make_questions) {
    return line(twoQuestions);
}

HEDDLE_GRAPH(make_swallowing) {
    return line(swallowing);
}

HEDDLE_GRAPH(make_failing) {
    return line(failing);
}

HEDDLE_GRAPH(make_sleeping) {
    return line(sleeping);
}

HEDDLE_GRAPH(make_blocking) {
    return line(blocking);
}

HEDDLE_GRAPH(make_reading) {
    return line(reading);
}

HEDDLE_GRAPH(make_flooding) {
    return line(flooding);
}

HEDDLE_GRAPH(make_telling) {
    return line(telling);
}

// Round and round.
HEDDLE_GRAPH(make_loop) {
    Graph graph;
    graph.node("again", [](RunContext&) { return std::string(R"({"turns": [1]})"); }).append("turns");
    return graph.edge(heddle::START, "again").edge("again", "again");
}

// Which way depends on the input; "lost" is no node, "broken" throws.
HEDDLE_GRAPH(make_ways) {
    Graph graph;
    graph.node("left", [](RunContext&) { return std::string(R"({"went": "left"})"); });
    graph.node("right", [](RunContext&) { return std::string(R"({"went": "right"})"); });
    graph.conditional_edges(heddle::START, [](std::string_view state) -> std::string {
        if (has(state, "broken")) throw heddle::GraphError("RouteError", "no way");
        if (has(state, "stuck")) return blocked();
        if (has(state, "lost")) return "lost";
        if (has(state, "nowhere")) return heddle::END;
        return has(state, "left") ? "left" : "right";
    });
    return graph.edge("left", heddle::END).edge("right", heddle::END);
}

// ---- graphs that are refused

HEDDLE_GRAPH(make_nothing) {
    return Graph();
}

HEDDLE_GRAPH(make_unknown) {
    return line(none).edge("other", heddle::END);
}

HEDDLE_GRAPH(make_twice) {
    return line(none).node("node", none);
}

HEDDLE_GRAPH(make_parallel) {
    return line(none).node("other", none).edge("node", "other");
}

HEDDLE_GRAPH(make_unentered) {
    return Graph().node("node", none);
}

HEDDLE_GRAPH(make_throwing) {
    throw std::runtime_error("the model file is missing");
}

// A library of another version.
extern "C" __attribute__((visibility("default"))) std::uint32_t make_later_heddle_abi() {
    return HEDDLE_ABI_VERSION + 1;
}
extern "C" __attribute__((visibility("default"))) const heddle_graph* make_later() {
    std::abort();
}
// A function that is no graph.
extern "C" __attribute__((visibility("default"))) int make_number() {
    return 7;
}
