// SPDX-License-Identifier: Apache-2.0
// /assistants: search, count, get.
#include "store/assistants.hpp"

#include "api/context.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "api/search_body.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

store::AssistantQuery assistantQuery(JsonView body) {
    store::AssistantQuery query;
    if (const auto graph = body.get("graph_id")) query.graph_id = graph->string();
    if (const auto name = body.get("name")) query.name = name->string();
    readSearch(body, query);
    return query;
}

asio::awaitable<Result<http::Response>> searchAssistants(Context& context, Call& call) {
    auto query = std::make_shared<const store::AssistantQuery>(assistantQuery(call.json()));
    auto job = [query](sql::Connection& db) -> Result<store::AssistantPage> {
        return store::searchAssistants(db, *query);
    };
    const auto page = co_await context.db.read(std::move(job));
    if (!page) co_return page.error();
    const Select select = selectOf(call.json());
    JsonWriter writer;
    writer.beginArray();
    for (const auto& assistant : page->assistants) writeAssistant(writer, assistant, select);
    writer.endArray();
    auto response = http::Response::json(200, writer.take());
    addPagination(response, {query->limit, query->offset}, page->total, page->assistants.size());
    co_return response;
}

asio::awaitable<Result<http::Response>> countAssistants(Context& context, Call& call) {
    return answerCount(context, assistantQuery(call.json()), store::countAssistants);
}

asio::awaitable<Result<http::Response>> getAssistant(Context& context, Call& call) {
    const auto id = pathId<AssistantId>(call, "assistant_id", "assistant");
    if (!id) co_return id.error();
    auto job = [id = *id](sql::Connection& db) -> Result<Assistant> {
        auto assistant = store::findAssistant(db, id);
        if (!assistant) return noAssistant(id.str());
        return std::move(*assistant);
    };
    const auto assistant = co_await context.db.read(std::move(job));
    if (!assistant) co_return assistant.error();
    JsonWriter writer;
    writeAssistant(writer, *assistant);
    co_return http::Response::json(200, writer.take());
}

}  // namespace

void addAssistants(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/assistants/search", Body::kOptional, bind(searchAssistants));
    routes.add(Method::kPost, "/assistants/count", Body::kOptional, bind(countAssistants));
    routes.add(Method::kGet, "/assistants/{assistant_id}", Body::kNone, bind(getAssistant));
}

}  // namespace heddle::api
