// SPDX-License-Identifier: Apache-2.0
// /assistants: create, patch, delete.
#include "api/context.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/query_list.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "store/assistant_versions.hpp"
#include "store/assistants.hpp"
#include "store/crons.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

constexpr std::int64_t kThreadsAtOnce = 10;  // their states are read too

Result<void> checkGraph(const config::Config& config, const std::string& graph_id) {
    const auto& graphs = config.graphs;
    const auto same = [&graph_id](const auto& graph) { return graph.graph_id == graph_id; };
    if (std::ranges::any_of(graphs, same)) return {};
    std::string text = "Graph '" + graph_id.substr(0, 100) + "' not found. Expected one of: [";
    std::vector<std::string> names;
    for (const auto& graph : graphs) names.push_back(graph.graph_id);
    return Problem::notFound(text + listed(names, limits::kNamedGraphs, "'") + "]");
}

// The one that runs by the graph's name.
bool isSystem(const config::Config& config, const AssistantId& id) {
    return std::ranges::any_of(config.graphs,
                               [&id](const auto& graph) { return systemAssistantId(graph.graph_id) == id; });
}

std::optional<RawJson> objectAt(JsonView body, std::string_view key) {
    const auto value = body.get(key);
    return value && value->isObject() ? std::optional<RawJson>(RawJson::copy(*value)) : std::nullopt;
}

std::optional<std::string> stringAt(JsonView body, std::string_view key) {
    const auto value = body.get(key);
    return value ? value->string() : std::nullopt;
}

// What a body says about an assistant: the common part of creating and patching.
Result<void> apply(Assistant& assistant, JsonView body) {
    if (auto graph = stringAt(body, "graph_id")) assistant.graph_id = *std::move(graph);
    if (auto name = stringAt(body, "name")) assistant.name = *std::move(name);
    if (body.get("description")) assistant.description = stringAt(body, "description");
    if (const auto metadata = objectAt(body, "metadata")) {
        assistant.metadata = mergeObjects(assistant.metadata.view(), metadata->view());
    }
    return setSettings(assistant, objectAt(body, "config"), objectAt(body, "context"));
}

http::Response shown(const Assistant& assistant) {
    JsonWriter writer;
    writeAssistant(writer, assistant);
    return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> createAssistant(Context& context, Call& call) {
    const JsonView body = call.json();
    Assistant assistant;
    const auto id = stringAt(body, "assistant_id");
    assistant.id =
        id ? AssistantId::parse(*id).value_or(AssistantId()) : AssistantId(Uuid::v4(context.random));
    assistant.name = "Untitled";
    assistant.created_at = assistant.updated_at = context.clock.now();
    const auto applied = apply(assistant, body);
    if (!applied) co_return applied.error();
    const auto graph = checkGraph(context.config, assistant.graph_id);
    if (!graph) co_return graph.error();

    const bool keep = stringAt(body, "if_exists") == "do_nothing";
    auto shared = std::make_shared<const Assistant>(std::move(assistant));
    auto job = [shared, keep](sql::Connection& db) -> Result<Assistant> {
        if (store::insertAssistant(db, *shared)) return *shared;
        auto existing = keep ? store::findAssistant(db, shared->id) : std::nullopt;
        if (existing) return std::move(*existing);
        return Problem::conflict("Assistant " + shared->id.str() + " already exists");
    };
    const auto created = co_await context.db.write(std::move(job));
    if (!created) co_return created.error();
    co_return shown(*created);
}

asio::awaitable<Result<http::Response>> patchAssistant(Context& context, Call& call) {
    const auto id = pathId<AssistantId>(call, "assistant_id", "assistant");
    if (!id) co_return id.error();
    if (const auto graph_id = stringAt(call.json(), "graph_id")) {
        const auto graph = checkGraph(context.config, *graph_id);
        if (!graph) co_return graph.error();
    }
    const bool system = isSystem(context.config, *id);
    auto body = std::make_shared<const RawJson>(call.body);
    auto job = [id = *id, body, system, now = context.clock.now()](sql::Connection& db) -> Result<Assistant> {
        auto assistant = store::findAssistant(db, id);
        if (!assistant) return noAssistant(id.str());
        const std::string graph_id = assistant->graph_id;
        const auto applied = apply(*assistant, body->view());
        if (!applied) return applied.error();
        if (system && assistant->graph_id != graph_id) {
            return Problem::conflict("graph_id: this is the assistant that runs by the name of graph '" +
                                     graph_id + "'; create another one for another graph");
        }
        assistant->version = store::nextVersion(db, id);
        assistant->updated_at = now;
        store::saveAssistant(db, *assistant);
        store::keepVersion(db, *assistant);
        return std::move(*assistant);
    };
    const auto patched = co_await context.db.write(std::move(job));
    if (!patched) co_return patched.error();
    co_return shown(*patched);
}

// Each thread in a transaction of its own: what is left after a crash is deleted by asking again.
asio::awaitable<Result<void>> removeThreadsOf(Context& context, AssistantId id) {
    auto query = std::make_shared<store::ThreadQuery>();
    query->metadata = RawJson::trusted(R"({"assistant_id":")" + id.str() + R"("})");
    query->limit = kThreadsAtOnce;
    for (;;) {
        auto job = [query](sql::Connection& db) -> Result<std::vector<ThreadId>> {
            std::vector<ThreadId> ids;
            for (const auto& thread : store::searchThreads(db, *query).threads) ids.push_back(thread.id);
            return ids;
        };
        const auto ids = co_await context.db.read(std::move(job));
        if (!ids) co_return ids.error();
        if (ids->empty()) co_return Result<void>();
        for (const auto& thread : *ids) {
            const auto removed = co_await context.runs.removeThread(thread);
            // Somebody else may have removed it meanwhile.
            if (!removed && removed.error().kind != ProblemKind::kNotFound) co_return removed.error();
        }
    }
}

asio::awaitable<Result<http::Response>> deleteAssistant(Context& context, Call& call) {
    const auto id = pathId<AssistantId>(call, "assistant_id", "assistant");
    if (!id) co_return id.error();
    if (isSystem(context.config, *id)) {
        co_return Problem::conflict("Assistant " + id->str() +
                                    " is the one that runs by its graph's name: it cannot be deleted");
    }
    auto find = [id = *id](sql::Connection& db) -> Result<bool> {
        return store::findAssistant(db, id) ? Result<bool>(true) : noAssistant(id.str());
    };
    const auto found = co_await context.db.read(std::move(find));
    if (!found) co_return found.error();
    if (queryFlag(call.request, "delete_threads")) {
        const auto removed = co_await removeThreadsOf(context, *id);
        if (!removed) co_return removed.error();
    }
    auto job = [id = *id, now = context.clock.now()](sql::Connection& db) -> Result<bool> {
        if (!store::removeAssistant(db, id)) return noAssistant(id.str());
        store::disableCrons(db, id, "its assistant was deleted", now);
        return true;
    };
    const auto removed = co_await context.db.write(std::move(job));
    if (!removed) co_return removed.error();
    co_return http::Response::noContent();
}

}  // namespace

void addAssistantChanges(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/assistants", Body::kRequired, bind(createAssistant));
    routes.add(Method::kPatch, "/assistants/{assistant_id}", Body::kRequired, bind(patchAssistant));
    routes.add(Method::kDelete, "/assistants/{assistant_id}", Body::kNone, bind(deleteAssistant));
}

}  // namespace heddle::api
