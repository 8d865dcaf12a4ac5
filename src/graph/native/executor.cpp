// SPDX-License-Identifier: Apache-2.0
#include "graph/native/executor.hpp"

#include "base/log.hpp"
#include "graph/native/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace heddle::graph {
namespace {

RunEnd failed(RunError error) {
    RunEnd end;
    end.status = RunEnd::Status::kError;
    end.error = std::move(error);
    return end;
}

RunEnd ended(RunEnd::Status status) {
    RunEnd end;
    end.status = status;
    return end;
}

// What to merge into the state before the node runs.
JsonView updateOf(const RunKwargs& kwargs) {
    if (!kwargs.input.isNull()) return kwargs.input.view();
    return kwargs.command.view().get("update").value_or(JsonView());
}

// An attempt that was here before has stored the input already.
bool hasInputOf(const Snapshot& snapshot, const Run& run) {
    const auto id = snapshot.metadata.view().get("run_id");
    return !snapshot.next.empty() && id && id->string() == run.id.str();
}

// Without input that is a fork: a branch of its own, from the checkpoint as it is.
bool asksForCheckpoint(const Run& run) {
    const auto configurable = run.kwargs.config.view().get("configurable");
    return configurable && configurable->get("checkpoint_id");
}

}  // namespace

NativeExecutor::NativeExecutor(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                               Random& random)
    : loop_(std::move(loop)), db_(db), clock_(clock), ids_(clock, random) {}

NativeExecutor::~NativeExecutor() = default;

void NativeExecutor::add(std::string graph_id, NativeGraph graph) {
    graphs_.insert_or_assign(std::move(graph_id), std::move(graph));
}

bool NativeExecutor::hosts(std::string_view graph_id) const {
    return graphs_.find(graph_id) != graphs_.end();
}

bool NativeExecutor::ready(std::string_view graph_id, Company) const {
    return hosts(graph_id);
}

void NativeExecutor::start(RunStart start, Company) {
    if (observer_ == nullptr) throw std::logic_error("NativeExecutor: start() before observe()");
    const std::pair key(start.run.id, start.run.attempt);
    auto run = std::make_shared<NativeRun>(loop_, db_, *observer_, std::move(start));
    live_.emplace(key, run);
    boost::asio::co_spawn(loop_, execute(std::move(run)), boost::asio::detached);
}

void NativeExecutor::cancel(const RunId& run, std::int64_t attempt) {
    const auto found = live_.find(std::pair(run, attempt));
    if (found != live_.end()) found->second->cancel();
}

boost::asio::awaitable<void> NativeExecutor::execute(std::shared_ptr<NativeRun> run) {
    // The observer is never called from within start().
    co_await boost::asio::post(loop_, boost::asio::use_awaitable);
    RunEnd end;
    try {
        end = co_await attempt(*run);
    } catch (const RunStopped&) {
        end = ended(RunEnd::Status::kInterrupted);
    } catch (const std::exception& error) {
        log::error("native.run_lost", {{"run_id", run->start.run.id}, {"error", error.what()}});
        end = ended(RunEnd::Status::kLost);
        end.error = RunError{"StorageError", "The run's checkpoints could not be stored"};
    }
    const RunId id = run->start.run.id;
    const std::int64_t number = run->start.run.attempt;
    live_.erase(std::pair(id, number));
    observer_->onEnd(id, number, std::move(end));
}

boost::asio::awaitable<RunEnd> NativeExecutor::attempt(NativeRun& run) {
    const Run& row = run.start.run;
    run.snapshot.key.thread_id = row.thread_id.str();
    if (run.start.checkpoint) {
        auto snapshot = Snapshot::fromTuple(*std::exchange(run.start.checkpoint, {}));
        if (!snapshot) co_return failed({"InvalidCheckpoint", snapshot.error().detail});
        run.snapshot = std::move(*snapshot);
    }
    if (run.cancelled()) co_return ended(RunEnd::Status::kInterrupted);

    const JsonView update = updateOf(row.kwargs);
    const bool again = hasInputOf(run.snapshot, row);
    const bool resumes = again || (update.isNull() && !run.snapshot.next.empty());
    if (!resumes && update.isNull() && run.snapshot.key.id.empty()) {
        co_return failed({"EmptyInputError", "Received no input for __start__"});
    }
    if (!update.isNull() && !update.isObject()) {
        co_return failed({"InvalidUpdateError", "Expected a JSON object as input"});
    }
    if (update.isNull() && !again && asksForCheckpoint(row)) {
        const std::vector<std::string> next = run.snapshot.next;
        run.advance(Step{ids_.next(run.snapshot.key.id), "fork", next, JsonView(), clock_.now()});
    }
    if (!resumes && update.isNull()) co_return co_await settle(run, ended(RunEnd::Status::kSuccess));

    if (resumes) {
        run.resume();
    } else {
        const Step step{ids_.next(run.snapshot.key.id), "input", {row.graph_id}, update, clock_.now()};
        run.advance(step);
    }
    run.send("values", run.state());
    co_return co_await callGraph(run);
}

boost::asio::awaitable<RunEnd> NativeExecutor::callGraph(NativeRun& run) {
    const std::string& graph_id = run.start.run.graph_id;
    std::optional<RawJson> update;
    std::optional<RunError> error;
    bool stopped = false;
    try {
        std::string text = co_await graphs_.at(graph_id)(run);
        auto valid = RawJson::parse(std::move(text));
        if (valid) update = std::move(*valid);
    } catch (const RunStopped&) {
        stopped = true;
    } catch (const sql::Error&) {
        throw;
    } catch (const GraphError& raised) {
        error = RunError{raised.type(), raised.what()};
    } catch (const std::exception& raised) {
        error = RunError{"RuntimeError", raised.what()};
    }
    if (stopped) co_return co_await settle(run, ended(RunEnd::Status::kInterrupted));
    if (!error && (!update || !(update->isNull() || update->view().isObject()))) {
        error = RunError{"InvalidUpdateError", "The graph must return a JSON object or null"};
    }
    if (error) {
        run.record(*error);
        co_return co_await settle(run, failed(*error));
    }
    take(run, *std::exchange(update, {}));
    co_return co_await settle(run, ended(RunEnd::Status::kSuccess));
}

// What the graph returned.
void NativeExecutor::take(NativeRun& run, const RawJson& update) {
    {
        JsonWriter event;
        event.beginObject().key(run.start.run.graph_id).raw(update).endObject();
        run.send("updates", event.text());
    }
    run.advance(Step{ids_.next(run.snapshot.key.id), "loop", {}, update.view(), clock_.now()});
    run.send("values", run.state());
}

// Stores what waits and describes where the thread stands.
boost::asio::awaitable<RunEnd> NativeExecutor::settle(NativeRun& run, RunEnd end) {
    co_await run.store();
    run.dropState();
    end.state = run.snapshot.threadState();
    end.checkpoint_id = run.snapshot.key.id;
    co_return end;
}

}  // namespace heddle::graph
