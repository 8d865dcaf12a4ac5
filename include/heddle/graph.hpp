// SPDX-License-Identifier: Apache-2.0
// Graphs written in C++, in a shared library that langgraph.json names: "./libmine.so:make_graph". Needs this
// folder and C++17, nothing else: no library of Heddle, no JSON library, no Boost. docs/native-graphs.md
// explains; examples/native is a project.
//
//     #include <heddle/graph.hpp>
//
//     static std::string plan(heddle::RunContext& run) {
//         run.emit(R"({"step": 1})");
//         return R"({"plan": "think, then write"})";
//     }
//
//     HEDDLE_GRAPH(make_graph) {
//         heddle::Graph graph;
//         graph.node("plan", plan).edge(heddle::START, "plan").edge("plan", heddle::END);
//         return graph;
//     }
//
// Nodes and routes are ordinary functions. They may block, and they are called on threads of the server, for
// several runs at once: what they share needs its own protection. JSON is text, in and out.
#pragma once

#include <heddle/graph_abi.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

inline constexpr char START[] = "__start__";
inline constexpr char END[] = "__end__";

// Thrown by a node or a route: the run ends with status `error`, and clients get {"error": type, "message":
// what()}. Any other std::exception does so too, as type "RuntimeError".
class GraphError : public std::runtime_error {
  public:
    GraphError(std::string type, const std::string& message)
        : std::runtime_error(message), type_(std::move(type)) {}
    [[nodiscard]] const std::string& type() const noexcept { return type_; }

  private:
    std::string type_;
};

// What emit(), interrupt() and sleep() throw when the node is to end. Deliberately no std::exception: let it
// pass.
struct Stopped {};

// What a node sees of the run that called it. Valid until the node returns, on the node's thread only.
class RunContext {
  public:
    explicit RunContext(const heddle_run& run) : run_(run) {}
    RunContext(const RunContext&) = delete;
    RunContext& operator=(const RunContext&) = delete;

    // JSON texts. `state`: an object, the thread's state. `input`: as the client sent it, null where a run
    // goes on. `config`: the run's complete config, with `configurable` and `metadata`. `context`: an object.
    [[nodiscard]] std::string_view state() const { return view(run_.state); }
    [[nodiscard]] std::string_view input() const { return view(run_.input); }
    [[nodiscard]] std::string_view config() const { return view(run_.config); }
    [[nodiscard]] std::string_view context() const { return view(run_.context); }
    [[nodiscard]] std::string_view node() const { return view(run_.node); }

    // Sends an event of stream mode `custom` to those who asked for it. `json`: one JSON value. Waits while
    // too much of it has not been sent. Throws GraphError (ValueError) when it is no JSON, and Stopped.
    void emit(std::string_view json) { check(run_.emit(run_.of, text(json)), "emit"); }

    // Asks whoever uses the thread, as LangGraph's interrupt(): the first time the node ends here (Stopped)
    // and the run with it, and the thread is `interrupted`. A run with `command: {"resume": ANSWER}` calls
    // the node again from its start, and interrupt() returns ANSWER. Several in one node are answered in
    // their order. `question` and what is returned: one JSON value. Throws as emit().
    [[nodiscard]] std::string interrupt(std::string_view question) {
        heddle_text answer{};
        check(run_.interrupt(run_.of, text(question), &answer), "interrupt");
        return std::string(view(answer));
    }

    // Throws Stopped as soon as the run is cancelled.
    void sleep(std::chrono::microseconds time) { check(run_.sleep(run_.of, time.count()), "sleep"); }

    // Whether the run was cancelled. A node that works for long without emit() or sleep() asks now and then,
    // and returns.
    [[nodiscard]] bool cancelled() const { return run_.cancelled(run_.of) != 0; }

  private:
    static heddle_text text(std::string_view of) { return {of.data(), of.size()}; }
    static std::string_view view(const heddle_text& of) { return {of.data, of.size}; }
    static void check(heddle_status status, const char* function) {
        if (status == HEDDLE_STOPPED) throw Stopped{};
        if (status != HEDDLE_OK)
            throw GraphError("ValueError", std::string(function) + "() needs one JSON value");
    }

    const heddle_run& run_;
};

// Returns the update of the state: a JSON object whose keys replace those of the state (or are appended, see
// Graph::append), or "null" for none.
using Node = std::function<std::string(RunContext& run)>;
// The name of the next node for a state (JSON object), or END.
using Route = std::function<std::string(std::string_view state)>;

// A graph: one node after the other, from START to END. The server checks it when it loads the library; a
// mistake stops the start with a line that names it.
class Graph {
  public:
    Graph& node(std::string_view name, Node function) {
        nodes_.push_back({std::string(name), std::move(function)});
        return *this;
    }
    // `to` follows `from`. A node has one edge, or conditional edges.
    Graph& edge(std::string_view from, std::string_view to) {
        edges_.push_back({std::string(from), std::string(to)});
        return *this;
    }
    // After `from` the route says what follows. `targets`: what it may choose, for drawings and checks; none:
    // any node.
    Graph& conditional_edges(std::string_view from, Route route, std::vector<std::string> targets = {}) {
        branches_.push_back({std::string(from), std::move(route), std::move(targets)});
        return *this;
    }
    // A reducer: what updates have at `key` is appended to the state's list instead of replacing it.
    Graph& append(std::string_view key) {
        appended_.emplace_back(key);
        return *this;
    }

    struct NamedNode {
        std::string name;
        Node function;
    };
    struct Edge {
        std::string from;
        std::string to;
    };
    struct Branch {
        std::string from;
        Route route;
        std::vector<std::string> targets;
    };
    [[nodiscard]] const std::vector<NamedNode>& nodes() const { return nodes_; }
    [[nodiscard]] const std::vector<Edge>& edges() const { return edges_; }
    [[nodiscard]] const std::vector<Branch>& branches() const { return branches_; }
    [[nodiscard]] const std::vector<std::string>& appended() const { return appended_; }

  private:
    std::vector<NamedNode> nodes_;
    std::vector<Edge> edges_;
    std::vector<Branch> branches_;
    std::vector<std::string> appended_;
};

// The way from C++ to graph_abi.hpp.
namespace detail {

inline heddle_text text(std::string_view of) {
    return {of.data(), of.size()};
}

// Calls a function of the graph; its exceptions end here.
template <class Call>
heddle_status answered(const heddle_answer* answer, Call call) noexcept {
    const auto fail = [answer](std::string_view type, std::string_view message) {
        answer->fail(answer->to, text(type), text(message));
        return HEDDLE_FAILED;
    };
    try {
        const std::string given = call();
        answer->give(answer->to, text(given));
        return HEDDLE_OK;
    } catch (const Stopped&) {
        return HEDDLE_STOPPED;
    } catch (const GraphError& error) {
        return fail(error.type(), error.what());
    } catch (const std::bad_alloc&) {
        return fail("MemoryError", "out of memory");
    } catch (const std::exception& error) {
        return fail("RuntimeError", error.what());
    } catch (...) {
        return fail("RuntimeError", "the node threw something that is no std::exception");
    }
}

inline heddle_status callNode(void* self, const heddle_run* run, const heddle_answer* answer) {
    return answered(answer, [&] {
        RunContext context(*run);
        return static_cast<const Graph::NamedNode*>(self)->function(context);
    });
}

inline heddle_status callRoute(void* self, heddle_text state, const heddle_answer* answer) {
    return answered(answer, [&] {
        return static_cast<const Graph::Branch*>(self)->route(std::string_view(state.data, state.size));
    });
}

// A graph with its tables. Made once and never destroyed: nodes may still be running when the process exits.
struct Exposed {
    explicit Exposed(Graph made) : graph(std::move(made)) {
        for (const auto& node : graph.nodes())
            nodes.push_back({text(node.name), const_cast<Graph::NamedNode*>(&node), callNode});
        for (const auto& edge : graph.edges()) edges.push_back({text(edge.from), text(edge.to)});
        for (const auto& branch : graph.branches()) {
            targets.emplace_back();
            for (const auto& target : branch.targets) targets.back().push_back(text(target));
            branches.push_back({text(branch.from), targets.back().data(), targets.back().size(),
                                const_cast<Graph::Branch*>(&branch), callRoute});
        }
        for (const auto& key : graph.appended()) appended.push_back(text(key));
        table = {sizeof(heddle_graph), {nullptr, 0},    nodes.data(),    nodes.size(),    edges.data(),
                 edges.size(),         branches.data(), branches.size(), appended.data(), appended.size()};
    }
    explicit Exposed(std::string why) : error(std::move(why)) {
        table.size = sizeof(heddle_graph);
        table.error = text(error);
    }

    const Exposed* before = nullptr;  // what the same function made before
    std::string error;
    Graph graph;
    std::vector<heddle_node> nodes;
    std::vector<heddle_edge> edges;
    std::vector<std::vector<heddle_text>> targets;
    std::vector<heddle_branch> branches;
    std::vector<heddle_text> appended;
    heddle_graph table{};
};

// `made`: the graphs that were made, the newest first. Called by one thread at a time.
inline const heddle_graph* expose(Graph (*make)(), const Exposed*& made) noexcept {
    Exposed* exposed = nullptr;
    try {
        exposed = new Exposed(make());
    } catch (const std::exception& error) {
        const std::string why = error.what();
        exposed = new Exposed(why.empty() ? std::string("it threw an exception") : why);
    } catch (...) {
        exposed = new Exposed(std::string("it threw something that is no std::exception"));
    }
    exposed->before = made;
    made = exposed;
    return &exposed->table;
}

}  // namespace detail
}  // namespace heddle

// Begins the function that makes a graph: HEDDLE_GRAPH(make_graph) { …; return graph; }. In a source file of
// the library, outside of namespaces.
#define HEDDLE_GRAPH(name)                                                                             \
    extern "C" std::uint32_t name##_heddle_abi(void) noexcept;                                         \
    extern "C" const heddle_graph* name(void) noexcept;                                                \
    static const ::heddle::detail::Exposed* name##_heddle_made = nullptr;                              \
    static ::heddle::Graph name##_heddle_make();                                                       \
    extern "C" __attribute__((visibility("default"))) std::uint32_t name##_heddle_abi(void) noexcept { \
        return HEDDLE_ABI_VERSION;                                                                     \
    }                                                                                                  \
    extern "C" __attribute__((visibility("default"))) const heddle_graph* name(void) noexcept {        \
        return ::heddle::detail::expose(name##_heddle_make, name##_heddle_made);                       \
    }                                                                                                  \
    static ::heddle::Graph name##_heddle_make()
