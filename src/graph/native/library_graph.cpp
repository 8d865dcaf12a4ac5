// SPDX-License-Identifier: Apache-2.0
#include "graph/native/library_graph.hpp"

#include "graph/native/node_function.hpp"
#include "graph/native/reduce.hpp"
#include "graph/native/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;

LibraryGraph::LibraryGraph(asio::any_io_executor loop, NodeThreads& threads, LibraryParts parts,
                           std::chrono::milliseconds route_time, std::function<void()> freed)
    : NativeGraph(parts.topology),
      loop_(std::move(loop)),
      threads_(threads),
      parts_(std::make_shared<const LibraryParts>(std::move(parts))),
      route_time_(route_time),
      freed_(std::move(freed)) {}

LibraryGraph::~LibraryGraph() {
    for (const auto& call : open_) call->abandon();
}

asio::awaitable<NodeOutcome> LibraryGraph::call(NativeRun& run, std::string node) {
    if (run.start.run.kwargs.durability == "sync") co_await run.store();
    auto bell = std::make_shared<Bell>(loop_);
    auto call = std::make_shared<NodeCall>(loop_, bell, run.nodeInput(std::move(node)));
    threads_.post([call, parts = parts_] { callNode(*call, *parts); });
    open_.insert(call);
    run.attach(call);
    // The checkpoint before the node is stored while the node works already.
    std::exception_ptr lost;
    try {
        if (run.start.run.kwargs.durability != "exit") co_await run.store();
    } catch (...) {
        lost = std::current_exception();
        call->cancel();
    }
    co_await deliver(run, *call, bell);
    run.attach(nullptr);
    open_.erase(call);
    if (lost) std::rethrow_exception(lost);
    co_return call->takeOutcome();
}

// Until the node has ended and its events have been passed on.
asio::awaitable<void> LibraryGraph::deliver(NativeRun& run, NodeCall& call, std::shared_ptr<Bell> bell) {
    for (;;) {
        const bool ended = call.ended();  // before the events are taken: all of them were sent by then
        if (call.hasEvents() && run.lacksRoom()) {
            run.whenRoom(bell);
        } else {
            const auto events = call.takeEvents();
            for (const auto& event : events) run.send("custom", event);
            if (ended) co_return;
        }
        co_await bell->wait();
    }
}

asio::awaitable<NodeOutcome> LibraryGraph::write(StateWrite write) {
    NodeOutcome outcome;
    auto reduced = reduce(write.state.view(), write.update.view(), topology().appended());
    if (!reduced) co_return NodeOutcome::failed("InvalidUpdateError", reduced.error().detail);
    outcome.update = std::move(write.update);
    outcome.reduced = std::move(*reduced);
    const auto branch = topology().branchOf(write.node);
    if (branch) co_return co_await route(std::move(write), std::move(outcome), *branch);
    outcome.next = topology().after(write.node);
    co_return outcome;
}

asio::awaitable<NodeOutcome> LibraryGraph::route(StateWrite write, NodeOutcome outcome, std::size_t branch) {
    auto bell = std::make_shared<Bell>(loop_);
    NodeInput input;
    input.node = write.node;
    input.state = mergeObjects(write.state.view(), outcome.writes());
    auto call = std::make_shared<NodeCall>(loop_, bell, std::move(input));
    threads_.post([call, parts = parts_, branch] { callRoute(*call, *parts, branch); });
    open_.insert(call);
    if (write.run != nullptr) {
        write.run->attach(call);
        co_await untilEnd(call, bell);
        write.run->attach(nullptr);
    } else {
        co_await untilLate(call, bell);
    }
    NodeOutcome chosen;
    chosen.stopped = true;
    if (call->ended()) chosen = call->takeOutcome();
    outcome.error = std::move(chosen.error);
    outcome.stopped = chosen.stopped;
    outcome.next = std::move(chosen.next);
    co_return outcome;
}

asio::awaitable<void> LibraryGraph::untilEnd(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell) {
    while (!call->ended()) co_await bell->wait();
    open_.erase(call);
}

// Until the route has ended, or its time has.
asio::awaitable<void> LibraryGraph::untilLate(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell) {
    auto answered = std::make_shared<Bell>(loop_);
    threads_.take();
    asio::co_spawn(loop_, outlast(call, std::move(bell), answered), asio::detached);
    asio::steady_timer limit(loop_, route_time_);
    const auto late = std::make_shared<bool>(false);
    limit.async_wait([answered, call, late](const boost::system::error_code& error) {
        if (error) return;
        *late = true;
        call->cancel();
        answered->ring();
    });
    while (!call->ended() && !*late) co_await answered->wait();
    limit.cancel();
}

// A route that nobody waits for any more still has its thread, and the state it was called with.
asio::awaitable<void> LibraryGraph::outlast(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell,
                                            std::shared_ptr<Bell> answered) {
    co_await untilEnd(std::move(call), std::move(bell));
    threads_.give();
    answered->ring();
    freed_();
}

}  // namespace heddle::graph
