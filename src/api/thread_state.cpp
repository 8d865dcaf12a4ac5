// SPDX-License-Identifier: Apache-2.0
// /threads/{thread_id}: states, history, update, copy.
#include "api/thread_state.hpp"

#include "api/context.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/query_list.hpp"
#include "run/copy.hpp"
#include "run/request.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

using Names = std::vector<std::string>;

std::string textOf(JsonView object, std::string_view key) {
    const auto value = object.get(key);
    return (value ? value->string() : std::nullopt).value_or("");
}

// `checkpoint` and `checkpoint_id` of a body that the schema accepted.
Result<run::CheckpointRef> checkpointOf(JsonView body, const ThreadId& thread) {
    run::CheckpointRef ref;
    if (const auto checkpoint = body.get("checkpoint"); checkpoint && checkpoint->isObject()) {
        const auto named = textOf(*checkpoint, "thread_id");
        if (!named.empty() && named != thread.str()) {
            return Problem::invalid("checkpoint.thread_id: names another thread than the path");
        }
        ref.ns = textOf(*checkpoint, "checkpoint_ns");
        ref.id = textOf(*checkpoint, "checkpoint_id");
        const auto map = checkpoint->get("checkpoint_map");
        if (map && map->isObject()) ref.map = RawJson::copy(*map);
    }
    if (auto id = textOf(body, "checkpoint_id"); !id.empty()) ref.id = std::move(id);
    return ref;
}

// Names from `select` of a body or of the query ("a,b" or several).
Names selected(const Call& call) {
    Names names = selectOf(call.json());
    for (auto& name : queryList(call.request, "select")) names.push_back(std::move(name));
    return names;
}

// Only the selected fields of a ThreadState; "values.x" selects one key of its values.
void writeSelected(JsonWriter& out, JsonView state, const Names& names) {
    const auto wanted = [&](const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    };
    out.beginObject();
    for (const auto& field : state.fields()) {
        if (wanted(field.key)) {
            out.key(field.key).raw(field.value);
            continue;
        }
        const std::string prefix = field.key + ".";
        const auto inside = [&](const std::string& name) { return name.starts_with(prefix); };
        if (!std::ranges::any_of(names, inside)) continue;
        out.key(field.key).beginObject();
        for (const auto& inner : field.value.fields()) {
            if (wanted(prefix + inner.key)) out.key(inner.key).raw(inner.value);
        }
        out.endObject();
    }
    out.endObject();
}

http::Response stateResponse(RawJson state, const Names& names) {
    if (names.empty()) return http::Response::json(200, std::move(state).take());
    JsonWriter out;
    writeSelected(out, state.view(), names);
    return http::Response::json(200, out.take());
}

// Of the checkpoint that the path names; the latest where it names none.
asio::awaitable<Result<http::Response>> getState(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    run::StateRequest request{*id, {}, queryFlag(call.request, "subgraphs")};
    request.checkpoint.id = std::string(call.request.param("checkpoint_id"));
    auto state = co_await context.runs.state(std::move(request));
    if (!state) co_return state.error();
    co_return stateResponse(std::move(*state), selected(call));
}

asio::awaitable<Result<http::Response>> stateOfCheckpoint(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    auto checkpoint = checkpointOf(call.json(), *id);
    if (!checkpoint) co_return checkpoint.error();
    const auto subgraphs = call.json().get("subgraphs");
    run::StateRequest request{*id, std::move(*checkpoint), subgraphs && subgraphs->boolean().value_or(false)};
    auto state = co_await context.runs.state(std::move(request));
    if (!state) co_return state.error();
    co_return stateResponse(std::move(*state), selected(call));
}

// `{checkpoint: {…}, configurable: {…}, checkpoint_id}` of the checkpoint that an update made.
std::string updatedJson(JsonView checkpoint) {
    JsonWriter ref;
    ref.beginObject();
    for (const char* key : {"thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map"}) {
        if (const auto value = checkpoint.get(key)) ref.key(key).raw(*value);
    }
    ref.endObject();
    JsonWriter out;
    out.beginObject().key("checkpoint").raw(ref.text()).key("configurable").raw(ref.text());
    out.key("checkpoint_id").raw(checkpoint.get("checkpoint_id").value_or(JsonView())).endObject();
    return out.take();
}

// One superstep with the body's one update.
RawJson superstepOf(JsonView body) {
    JsonWriter out;
    out.beginArray().beginObject().key("updates").beginArray().beginObject();
    for (const char* key : {"values", "as_node"}) out.key(key).raw(body.get(key).value_or(JsonView()));
    out.endObject().endArray().endObject().endArray();
    return RawJson::trusted(out.take());
}

asio::awaitable<Result<http::Response>> updateState(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    auto checkpoint = checkpointOf(call.json(), *id);
    if (!checkpoint) co_return checkpoint.error();
    run::StateChange change{*id, std::move(*checkpoint), superstepOf(call.json())};
    call.body = RawJson();  // it may be large, and it is in `change`
    const auto updated = co_await context.runs.updateState(std::move(change));
    if (!updated) co_return updated.error();
    co_return http::Response::json(200, updatedJson(updated->checkpoint.view()));
}

http::Response historyResponse(RawJson states, const Names& names) {
    if (names.empty()) return http::Response::json(200, std::move(states).take());
    JsonWriter out;
    out.beginArray();
    for (const JsonView state : states.view().elements()) {
        JsonWriter one;
        writeSelected(one, state, names);
        out.raw(one.text());
    }
    out.endArray();
    return http::Response::json(200, out.take());
}

asio::awaitable<Result<http::Response>> getHistory(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    run::HistoryRequest request;
    request.thread = *id;
    if (const auto limit = call.request.queryValue("limit")) {
        std::from_chars(limit->data(), limit->data() + limit->size(), request.limit);
    }
    if (const auto before = call.request.queryValue("before"); before && !before->empty()) {
        request.before = std::string(*before);
    }
    auto states = co_await context.runs.history(std::move(request));
    if (!states) co_return states.error();
    co_return historyResponse(std::move(*states), selected(call));
}

// A checkpoint's id, alone, in a checkpoint or in a config.
std::optional<std::string> beforeOf(JsonView body) {
    const auto before = body.get("before");
    if (!before) return std::nullopt;
    std::string id = before->string().value_or("");
    if (id.empty()) id = textOf(*before, "checkpoint_id");
    if (const auto configurable = before->get("configurable"); id.empty() && configurable) {
        id = textOf(*configurable, "checkpoint_id");
    }
    return id.empty() ? std::nullopt : std::optional<std::string>(id);
}

asio::awaitable<Result<http::Response>> postHistory(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    const JsonView body = call.json();
    auto checkpoint = checkpointOf(body, *id);
    if (!checkpoint) co_return checkpoint.error();
    run::HistoryRequest request;
    request.thread = *id;
    request.checkpoint = std::move(*checkpoint);
    if (const auto limit = body.get("limit")) request.limit = limit->integer().value_or(request.limit);
    request.before = beforeOf(body);
    const auto before = body.get("before");
    if (before && before->isObject() && !request.before) {
        co_return Problem::invalid("before: needs a checkpoint_id");
    }
    request.metadata = RawJson::copy(body.objectAt("metadata"));
    auto states = co_await context.runs.history(std::move(request));
    if (!states) co_return states.error();
    co_return historyResponse(std::move(*states), selected(call));
}

asio::awaitable<Result<http::Response>> copyThread(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    const ThreadId target(Uuid::v4(context.random));
    auto job = [source = *id, target, now = context.clock.now()](sql::Connection& db) {
        return run::copyThread(db, source, target, now);
    };
    const auto copy = co_await context.db.write(std::move(job));
    if (!copy) co_return copy.error();
    co_return http::Response::json(200, threadJson(*copy));
}

}  // namespace

Result<void> checkSupersteps(JsonView supersteps) {
    for (const JsonView superstep : supersteps.elements()) {
        const auto updates = superstep.get("updates").value_or(JsonView());
        for (const JsonView update : updates.elements()) {
            const auto command = run::checkCommand(update.get("command").value_or(JsonView()));
            if (!command) return command.error();
        }
    }
    return {};
}

void addThreadStates(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kGet, "/threads/{thread_id}/state", Body::kNone, bind(getState));
    routes.add(Method::kPost, "/threads/{thread_id}/state", Body::kRequired, bind(updateState));
    routes.add(Method::kPost, "/threads/{thread_id}/state/checkpoint", Body::kRequired,
               bind(stateOfCheckpoint));
    routes.add(Method::kGet, "/threads/{thread_id}/state/{checkpoint_id}", Body::kNone, bind(getState));
    routes.add(Method::kGet, "/threads/{thread_id}/history", Body::kNone, bind(getHistory));
    routes.add(Method::kPost, "/threads/{thread_id}/history", Body::kOptional, bind(postHistory));
    routes.add(Method::kPost, "/threads/{thread_id}/copy", Body::kNone, bind(copyThread));
}

}  // namespace heddle::api
