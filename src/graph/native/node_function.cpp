// SPDX-License-Identifier: Apache-2.0
#include "graph/native/node_function.hpp"

#include "graph/native/reduce.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::graph {
namespace {

// What a function of the library gave.
struct Answer {
    heddle_status status = HEDDLE_OK;
    std::string text;
    RunError error{"RuntimeError", "the function failed and does not say why"};
};

std::string textOf(heddle_text text) {
    return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

heddle_answer sinkOf(Answer& answer) {
    heddle_answer sink{};
    sink.to = &answer;
    sink.give = [](void* to, heddle_text text) { static_cast<Answer*>(to)->text = textOf(text); };
    sink.fail = [](void* to, heddle_text type, heddle_text message) {
        static_cast<Answer*>(to)->error = {textOf(type), textOf(message)};
    };
    return sink;
}

// What has gone wrong, in terms of who called; nothing: the answer is there.
std::optional<NodeOutcome> failureOf(const Answer& answer, bool cancelled) {
    if (answer.status == HEDDLE_OK) return std::nullopt;
    if (answer.status != HEDDLE_STOPPED) return NodeOutcome::failed(answer.error.type, answer.error.message);
    if (!cancelled) return NodeOutcome::failed("RuntimeError", "the node stopped, but its run was not");
    NodeOutcome outcome;
    outcome.stopped = true;
    return outcome;
}

NodeOutcome ask(const LibraryParts& parts, std::size_t branch, JsonView state, NodeOutcome outcome) {
    const auto& behind = parts.branches.at(branch);
    Answer answer;
    const heddle_answer sink = sinkOf(answer);
    const auto text = state.text();
    answer.status = behind.route(behind.self, {text.data(), text.size()}, &sink);
    if (auto failure = failureOf(answer, false)) return std::move(*failure);
    auto next = parts.topology.chosen(branch, answer.text);
    if (!next) return NodeOutcome::failed("ValueError", next.error().detail);
    outcome.next = std::move(*next);
    return outcome;
}

// What the node returned, and what follows.
NodeOutcome taken(const NodeCall& call, const LibraryParts& parts, std::string text) {
    const auto& node = call.input.node;
    auto update = RawJson::parse(std::move(text));
    if (!update || !(update->isNull() || update->view().isObject())) {
        return NodeOutcome::failed("InvalidUpdateError",
                                   "The node \"" + node + "\" must return a JSON object or null");
    }
    NodeOutcome outcome;
    outcome.update = std::move(*update);
    const JsonView state = call.input.state.view();
    if (!parts.topology.appended().empty()) {
        auto reduced = reduce(state, outcome.update.view(), parts.topology.appended());
        if (!reduced) return NodeOutcome::failed("InvalidUpdateError", reduced.error().detail);
        outcome.reduced = std::move(*reduced);
    }
    const auto branch = parts.topology.branchOf(node);
    if (branch) {
        const RawJson merged = mergeObjects(state, outcome.writes());
        return ask(parts, *branch, merged.view(), std::move(outcome));
    }
    outcome.next = parts.topology.after(node);
    return outcome;
}

NodeOutcome outcomeOf(NodeCall& call, const LibraryParts& parts) {
    const auto& names = parts.topology.nodes();
    const auto place = std::find(names.begin(), names.end(), call.input.node);
    if (place == names.end()) {
        return NodeOutcome::failed("InvalidCheckpoint", "The graph has no node \"" + call.input.node +
                                                            "\" any more; start anew on another thread");
    }
    const auto& node = parts.nodes.at(static_cast<std::size_t>(place - names.begin()));
    Answer answer;
    const heddle_answer sink = sinkOf(answer);
    const heddle_run run = call.table();
    answer.status = node.call(node.self, &run, &sink);
    if (auto question = call.question()) {
        NodeOutcome outcome;
        outcome.question = std::move(question);
        return outcome;
    }
    if (auto failure = failureOf(answer, run.cancelled(run.of) != 0)) return std::move(*failure);
    return taken(call, parts, std::move(answer.text));
}

template <class Function>
void conclude(NodeCall& call, Function function) noexcept {
    if (!call.begin()) return;
    NodeOutcome outcome;
    try {
        outcome = function();
    } catch (const std::exception& error) {
        outcome = NodeOutcome::failed("RuntimeError", error.what());
    }
    call.end(std::move(outcome));
}

}  // namespace

void callNode(NodeCall& call, const LibraryParts& parts) noexcept {
    conclude(call, [&] { return outcomeOf(call, parts); });
}

void callRoute(NodeCall& call, const LibraryParts& parts, std::size_t branch) noexcept {
    conclude(call, [&] { return ask(parts, branch, call.input.state.view(), NodeOutcome()); });
}

}  // namespace heddle::graph
