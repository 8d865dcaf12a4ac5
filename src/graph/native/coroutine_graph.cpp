// SPDX-License-Identifier: Apache-2.0
#include "graph/native/coroutine_graph.hpp"

#include "graph/native/run.hpp"

#include <exception>

namespace heddle::graph {

boost::asio::awaitable<NodeOutcome> CoroutineGraph::call(NativeRun& run, std::string node) {
    NodeOutcome outcome;
    try {
        std::string text = co_await coroutine_(run);
        auto valid = RawJson::parse(std::move(text));
        if (valid && (valid->isNull() || valid->view().isObject())) {
            outcome.update = std::move(*valid);
        } else {
            outcome.error = RunError{"InvalidUpdateError", "The graph must return a JSON object or null"};
        }
    } catch (const RunStopped&) {
        outcome.stopped = true;
    } catch (const sql::Error&) {
        throw;
    } catch (const NodeError& raised) {
        outcome.error = RunError{raised.type(), raised.what()};
    } catch (const std::exception& raised) {
        outcome.error = RunError{"RuntimeError", raised.what()};
    }
    outcome.next = topology().after(node);
    co_return outcome;
}

boost::asio::awaitable<NodeOutcome> CoroutineGraph::write(StateWrite write) {
    NodeOutcome outcome;
    outcome.update = std::move(write.update);
    outcome.next = topology().after(write.node);
    co_return outcome;
}

}  // namespace heddle::graph
