// SPDX-License-Identifier: Apache-2.0
#include "graph/native/walk.hpp"

#include "graph/native/reduce.hpp"

#include <algorithm>
#include <utility>

namespace heddle::graph {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kRecursionLimit = 25;

RunEnd ended(RunEnd::Status status) {
    RunEnd end;
    end.status = status;
    return end;
}

RunEnd failed(RunError error) {
    RunEnd end = ended(RunEnd::Status::kError);
    end.error = std::move(error);
    return end;
}

// What to merge into the state before the first node runs.
JsonView updateOf(const RunKwargs& kwargs) {
    if (!kwargs.input.isNull()) return kwargs.input.view();
    return kwargs.command.view().get("update").value_or(JsonView());
}

// An attempt that was here before has taken input or command already.
bool wasHere(const Snapshot& snapshot, const Run& run) {
    return snapshot.metadata.view().stringAt("run_id") == run.id.str();
}

// Without input that is a fork: a branch of its own, from the checkpoint as it is.
bool asksForCheckpoint(const Run& run) {
    return run.kwargs.config.view().objectAt("configurable").get("checkpoint_id").has_value();
}

// Whether `interrupt_before` or `interrupt_after` names the node; "*" names all.
bool names(const RawJson& nodes, const std::string& node) {
    if (nodes.view().string() == "*") return true;
    const auto all = nodes.view().elements();
    return std::any_of(all.begin(), all.end(), [&](JsonView one) { return one.string() == node; });
}

std::int64_t recursionLimit(const Run& run) {
    const auto limit = run.kwargs.config.view().given("recursion_limit");
    return limit ? limit->integer().value_or(kRecursionLimit) : kRecursionLimit;
}

RunError recursionError(std::int64_t limit) {
    return {"GraphRecursionError", "Recursion limit of " + std::to_string(limit) +
                                       " reached without hitting a stop condition. You can increase the "
                                       "limit by setting the `recursion_limit` config key."};
}

}  // namespace

asio::awaitable<RunEnd> Walk::attempt() {
    if (auto fault = load()) co_return failed(*fault);
    if (run_.cancelled()) co_return ended(RunEnd::Status::kInterrupted);
    const auto end = co_await begin();
    if (end && end->status != RunEnd::Status::kSuccess) co_return *end;
    if (end) co_return co_await settle(*end);
    run_.send("values", run_.state());
    co_return co_await walk();
}

std::optional<RunError> Walk::load() {
    run_.snapshot.key.thread_id = run_.start.run.thread_id.str();
    if (!run_.start.checkpoint) return std::nullopt;
    auto snapshot = Snapshot::fromTuple(*std::exchange(run_.start.checkpoint, {}));
    if (!snapshot) return RunError{"InvalidCheckpoint", snapshot.error().detail};
    run_.snapshot = std::move(*snapshot);
    return std::nullopt;
}

// Brings the snapshot to where the first node runs; an end when none does.
asio::awaitable<std::optional<RunEnd>> Walk::begin() {
    const Run& row = run_.start.run;
    const JsonView update = updateOf(row.kwargs);
    const JsonView command = row.kwargs.command.view();
    const bool open = !run_.snapshot.next.empty();
    if (wasHere(run_.snapshot, row)) {
        if (!open) co_return ended(RunEnd::Status::kSuccess);
        resumes_ = true;
        run_.resume();
        co_return std::nullopt;
    }
    if (command.isObject() && !run_.snapshot.key.id.empty() && (open || command.given("goto"))) {
        if (auto refused = obey(command, asksForCheckpoint(row))) co_return failed(*refused);
        resumes_ = true;
        run_.resume();
        co_return std::nullopt;
    }
    if (!update.isNull()) co_return co_await takeInput(update);
    if (run_.snapshot.key.id.empty()) {
        co_return failed({"EmptyInputError", "Received no input for __start__"});
    }
    if (asksForCheckpoint(row)) advance("fork", run_.snapshot.next, JsonView(), run_.snapshot.by);
    if (!open) co_return ended(RunEnd::Status::kSuccess);
    resumes_ = true;
    run_.resume();
    co_return std::nullopt;
}

asio::awaitable<std::optional<RunEnd>> Walk::takeInput(JsonView update) {
    if (!update.isObject()) {
        co_return failed({"InvalidUpdateError", "Expected a JSON object as input"});
    }
    RawJson state = graph_.blocks() ? run_.snapshot.values() : RawJson();  // only libraries look at it
    StateWrite write{std::move(state), RawJson::copy(update), std::string(kStartNode), &run_};
    const NodeOutcome outcome = co_await graph_.write(std::move(write));
    if (outcome.stopped) co_return ended(RunEnd::Status::kInterrupted);
    if (outcome.error) co_return failed(*outcome.error);
    advance("input", outcome.next, outcome.writes(), std::string(kStartNode));
    if (outcome.next.empty()) co_return ended(RunEnd::Status::kSuccess);
    co_return std::nullopt;
}

// `command` on a thread that stands somewhere: answers its question, changes its state, or sends it to
// another node. A change is a checkpoint of its own, so that it is made once whatever happens.
std::optional<RunError> Walk::obey(JsonView command, bool forks) {
    ResumeValues answers = run_.snapshot.answers;
    const std::size_t place = run_.snapshot.question ? run_.snapshot.question->place : answers.values.size();
    std::vector<std::string> next = run_.snapshot.next;
    const auto resume = command.given("resume");
    const bool was_answered = answers.run_id == run_.start.run.id.str();
    std::optional<RawJson> answer = resume && !was_answered ? answerIn(*resume, run_.snapshot) : std::nullopt;
    const auto target = command.given("goto");
    if (target) {
        const auto node = target->string();
        if (!node || !(graph_.topology().has(*node) || *node == kEndNode)) {
            return RunError{"InvalidUpdateError", "command.goto: expected the name of one node of the graph"};
        }
        next.clear();
        if (*node != kEndNode) next.push_back(*node);
        answers = {};
        answer.reset();
    }
    const JsonView update = command.get("update").value_or(JsonView());
    if (!update.isNull() && !update.isObject()) {
        return RunError{"InvalidUpdateError", "command.update: expected a JSON object"};
    }
    const bool moves = forks || target || update.isObject();
    if (moves) {
        const RawJson state = run_.snapshot.values();
        const auto writes = reduce(state.view(), update, graph_.topology().appended());
        if (!writes) return RunError{"InvalidUpdateError", writes.error().detail};
        advance(update.isObject() ? "update" : "fork", std::move(next), writes->view(), run_.snapshot.by);
    }
    if (answer) {
        // In the place of what answered it before: of a run that did not get further, or that a fork leaves.
        if (place < answers.values.size()) answers.values.resize(place);
        answers.values.push_back(std::move(*answer));
        answers.run_id = run_.start.run.id.str();
    }
    // A checkpoint that was just made has none of them yet.
    const std::size_t first = moves || answers.values.empty() ? 0 : answers.values.size() - 1;
    if (answer || moves) run_.answer(std::move(answers), first);
    return std::nullopt;
}

asio::awaitable<RunEnd> Walk::walk() {
    // As LangGraph counts: an input takes a step of its own, and so does looking that nothing is left.
    const std::int64_t limit = recursionLimit(run_.start.run);
    const std::int64_t steps_most = limit + (resumes_ ? 2 : 0);
    for (std::int64_t steps = 0; !run_.snapshot.next.empty(); ++steps) {
        const std::string node = run_.snapshot.next.front();
        if (run_.cancelled()) co_return co_await settle(ended(RunEnd::Status::kInterrupted));
        if (stopsBefore(node, steps)) {
            pause();
            break;
        }
        NodeOutcome outcome = co_await graph_.call(run_, node);
        const auto end = take(node, std::move(outcome));
        if (end) co_return co_await settle(*end);
        if (steps + 1 >= steps_most && graph_.blocks()) {
            co_return co_await settle(failed(recursionError(limit)));
        }
    }
    co_return co_await settle(ended(RunEnd::Status::kSuccess));
}

// A run that goes on does not stop at once where the last one did.
bool Walk::stopsBefore(const std::string& node, std::int64_t steps) const {
    const auto& kwargs = run_.start.run.kwargs;
    if (names(kwargs.interrupt_before, node) && !(resumes_ && steps == 0)) return true;
    return steps > 0 && names(kwargs.interrupt_after, run_.snapshot.by);
}

void Walk::pause() {
    run_.send("updates", R"({"__interrupt__":[]})");
}

// What the node made: the next checkpoint, or the end of the run.
std::optional<RunEnd> Walk::take(const std::string& node, NodeOutcome outcome) {
    if (outcome.stopped) return ended(RunEnd::Status::kInterrupted);
    if (outcome.error) {
        run_.record(*outcome.error);
        return failed(std::move(*outcome.error));
    }
    if (outcome.question) {
        run_.ask(std::move(*outcome.question));
        JsonWriter event;
        event.beginObject().key("__interrupt__").raw(interruptOf(run_.snapshot)).endObject();
        run_.send("updates", event.text());
        run_.send("values", run_.snapshot.output().text());
        return ended(RunEnd::Status::kSuccess);
    }
    {
        JsonWriter event;
        event.beginObject().key(node).raw(outcome.update).endObject();
        run_.send("updates", event.text());
    }
    advance("loop", std::move(outcome.next), outcome.writes(), node);
    run_.send("values", run_.state());
    return std::nullopt;
}

void Walk::advance(std::string_view source, std::vector<std::string> next, JsonView update, std::string by) {
    Step step{ids_.next(run_.snapshot.key.id), source, std::move(next), update, clock_.now(), std::move(by)};
    run_.advance(step);
}

// Stores what waits and describes where the thread stands.
asio::awaitable<RunEnd> Walk::settle(RunEnd end) {
    co_await run_.store();
    run_.dropState();
    end.state = run_.snapshot.threadState();
    end.checkpoint_id = run_.snapshot.key.id;
    co_return end;
}

}  // namespace heddle::graph
