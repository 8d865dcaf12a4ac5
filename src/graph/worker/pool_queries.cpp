// SPDX-License-Identifier: Apache-2.0
// What the pool asks workers outside of runs: states, histories, updates, graphs, vectors.
#include "graph/worker/pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

void writeOptional(JsonWriter& out, std::string_view key, std::string_view text) {
    out.key(key);
    if (text.empty()) {
        out.null();
    } else {
        out.string(text);
    }
}

JsonWriter queryHeader(std::string_view method, const std::string& graph_id, const CheckpointKey& key) {
    JsonWriter header = frameHeader(method);
    header.key("thread_id").string(key.thread_id).key("graph_id").string(graph_id);
    header.key("checkpoint_ns").string(key.ns);
    writeOptional(header, "checkpoint_id", key.id);
    return header;
}

JsonWriter questionHeader(const GraphQuestion& question) {
    using What = GraphQuestion::What;
    const bool drawing = question.what == What::kDrawing;
    const bool subgraphs = question.what == What::kSubgraphs;
    JsonWriter header = frameHeader(drawing ? "graph.draw" : subgraphs ? "graph.subgraphs" : "graph.schemas");
    header.key("graph_id").string(question.graph_id);
    if (drawing && question.depth) header.key("xray").integer(*question.depth);
    if (drawing && !question.depth) header.key("xray").boolean(true);
    if (!subgraphs) return header;
    writeOptional(header, "namespace", question.ns.value_or(""));
    header.key("recurse").boolean(question.recurse);
    return header;
}

// What a worker's failure means to the client. Messages of the graph's own exceptions are for whoever asked.
Problem refusal(const std::pair<std::string, std::string>& error) {
    const auto& [type, message] = error;
    if (type == "InvalidUpdateError") return Problem::badRequest(message);
    if (type == "FrameError") {
        return Problem::badRequest("The answer is larger than a worker may send (64 MiB); ask for less");
    }
    if (type == "EmbeddingError") return Problem::unavailable(message);
    if (type == "CallError") return Problem::unavailable("The worker could not use the checkpoints");
    return Problem::badRequest(type + ": " + message);
}

// How the reply to a call is waited for.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& loop) : timer(loop) {}
    asio::steady_timer timer;
    std::optional<Result<RawJson>> answer;
};

// Calls `end` when the block is left, however.
template <class End>
class AtEnd {
  public:
    explicit AtEnd(End end) : end_(std::move(end)) {}
    ~AtEnd() { end_(); }
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;

  private:
    End end_;
};

}  // namespace

asio::awaitable<Worker*> WorkerExecutor::firstReady(std::string graph_id) {
    const auto coming = [](const auto& worker) { return !worker->ready() && worker->failures() == 0; };
    asio::steady_timer patience(loop_, options_.state_time);
    for (;;) {
        Worker* worker = choose(graph_id, Reserved::kInclude, Silent::kAccept);
        const bool over = patience.expiry() <= asio::steady_timer::clock_type::now();
        if (worker != nullptr || over || stopping_ || retired_) co_return worker;
        if (std::none_of(workers_.begin(), workers_.end(), coming)) co_return nullptr;
        const auto place = askers_.insert(askers_.end(), &patience);
        boost::system::error_code cancelled;
        co_await patience.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        askers_.erase(place);
    }
}

asio::awaitable<bool> WorkerExecutor::answers(std::string graph_id) {
    const Worker* const worker = co_await firstReady(std::move(graph_id));
    co_return worker != nullptr;
}

asio::awaitable<Result<RawJson>> WorkerExecutor::ask(std::string graph_id, JsonWriter header,
                                                     std::string body) {
    Worker* worker = co_await firstReady(graph_id);
    if (worker == nullptr) co_return Problem::unavailable("No worker is ready");
    if (const auto* error = worker->loadError(graph_id)) co_return Problem::badRequest(error->message);

    ++worker->asked;
    auto answered = [this, worker, weak = std::weak_ptr(alive_)] {
        if (weak.expired()) return;
        --worker->asked;
        leaveLater(*worker);
    };
    const AtEnd asking(std::move(answered));
    const auto waiter = std::make_shared<Waiter>(loop_);
    auto done = [waiter](const FrameView* reply) {
        if (reply == nullptr) {
            waiter->answer = Problem::unavailable("The worker died");
        } else if (const auto error = errorOf(*reply)) {
            waiter->answer = refusal(*error);
        } else {
            waiter->answer = RawJson::parse(std::string(reply->body));
        }
        waiter->timer.cancel();
    };
    waiter->timer.expires_after(options_.state_time);
    const bool sent = worker->channel().call(std::move(header), std::move(body), std::move(done));
    if (!sent && !worker->channel().open()) co_return Problem::unavailable("The worker died");
    if (!sent) co_return Problem::tooLarge("The request does not fit a frame to a worker");
    boost::system::error_code cancelled;
    co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (!waiter->answer) co_return Problem::unavailable("The worker did not answer in time");
    co_return std::move(*waiter->answer);
}

asio::awaitable<Result<RawJson>> WorkerExecutor::state(StateQuery query) {
    JsonWriter header = queryHeader("state.get", query.graph_id, query.key);
    header.key("subgraphs").boolean(query.subgraphs);
    JsonWriter body;
    body.beginObject().key("config").raw(query.config).endObject();
    co_return co_await ask(std::move(query.graph_id), std::move(header), body.take());
}

asio::awaitable<Result<RawJson>> WorkerExecutor::history(HistoryQuery query) {
    JsonWriter header = queryHeader("state.history", query.graph_id, query.key);
    header.key("limit").integer(query.limit);
    writeOptional(header, "before", query.before.value_or(""));
    JsonWriter body;
    body.beginObject().key("config").raw(query.config).key("filter").raw(query.metadata).endObject();
    co_return co_await ask(std::move(query.graph_id), std::move(header), body.take());
}

asio::awaitable<Result<UpdatedState>> WorkerExecutor::update(StateUpdate update) {
    JsonWriter header = queryHeader("state.update", update.graph_id, update.key);
    const auto number = calls_.beginUpdate();
    header.key("update").integer(number);
    JsonWriter body;
    body.beginObject().key("config").raw(update.config);
    body.key("supersteps").raw(update.supersteps).endObject();
    update.supersteps = RawJson();  // it may be large
    const auto answer = co_await ask(std::move(update.graph_id), std::move(header), body.take());
    // A worker that was too slow may still be at it, and runs may start now.
    calls_.endUpdate(number);
    if (!answer) co_return answer.error();
    const auto checkpoint = answer->view().get("checkpoint");
    const auto state = answer->view().get("state");
    if (!checkpoint || !state) co_return Problem::unavailable("The worker's answer is incomplete");
    co_return UpdatedState{RawJson::copy(*checkpoint), RawJson::copy(*state)};
}

std::optional<RawJson> WorkerExecutor::known(const GraphQuestion& question) {
    return answers_.find(toKey(question));
}

asio::awaitable<Result<RawJson>> WorkerExecutor::describe(GraphQuestion question) {
    std::string key = toKey(question);
    if (auto known = answers_.find(key)) co_return std::move(*known);
    JsonWriter header = questionHeader(question);
    JsonWriter body;
    body.beginObject().key("config").raw(question.config).endObject();
    auto answer = co_await ask(std::move(question.graph_id), std::move(header), body.take());
    if (answer) answers_.keep(std::move(key), *answer);
    co_return answer;
}

asio::awaitable<Result<std::vector<Vector>>> WorkerExecutor::embed(EmbeddingQuestion question) {
    JsonWriter body;
    body.beginObject();
    if (question.query) {
        body.key("query").string(*question.query);
    } else {
        body.key("value").raw(question.value).key("index").raw(question.index);
    }
    body.endObject();
    question.value = RawJson();  // it may be large
    std::string any_graph;
    const auto answer = co_await ask(std::move(any_graph), frameHeader("store.embed"), body.take());
    if (!answer) co_return answer.error();
    auto vectors = readVectors(answer->view().get("vectors").value_or(JsonView()), "vectors");
    const bool complete = vectors && (!question.query || vectors->size() == 1);
    if (!complete) co_return Problem::unavailable("The worker's answer is incomplete");
    co_return std::move(*vectors);
}

}  // namespace heddle::graph
