// SPDX-License-Identifier: Apache-2.0
// /assistants/{assistant_id}: versions, and which of them holds.
#include "store/assistant_versions.hpp"

#include "api/context.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "store/assistants.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<http::Response>> listVersions(Context& context, Call& call) {
    const auto id = pathId<AssistantId>(call, "assistant_id", "assistant");
    if (!id) co_return id.error();
    auto query = std::make_shared<store::VersionQuery>();
    query->metadata = RawJson::copy(call.json().objectAt("metadata"));
    const Page page = pageOf(call.json());
    query->limit = page.limit;
    query->offset = page.offset;
    auto job = [id = *id, query](sql::Connection& db) -> Result<std::vector<Assistant>> {
        if (!store::findAssistant(db, id)) return noAssistant(id.str());
        return store::listVersions(db, id, *query);
    };
    const auto versions = co_await context.db.read(std::move(job));
    if (!versions) co_return versions.error();
    JsonWriter writer;
    writer.beginArray();
    for (const auto& version : *versions) writeAssistantVersion(writer, version);
    writer.endArray();
    co_return http::Response::json(200, writer.take());
}

// All of the version holds again, its config as well as its context.
asio::awaitable<Result<http::Response>> setLatest(Context& context, Call& call) {
    const auto id = pathId<AssistantId>(call, "assistant_id", "assistant");
    if (!id) co_return id.error();
    const std::int64_t number = call.json().get("version").value_or(JsonView()).integer().value_or(0);
    auto job = [id = *id, number, now = context.clock.now()](sql::Connection& db) -> Result<Assistant> {
        if (!store::findAssistant(db, id)) return noAssistant(id.str());
        auto version = store::findVersion(db, id, number);
        if (!version) {
            return Problem::notFound("Version " + std::to_string(number) + " not found for assistant " +
                                     id.str());
        }
        version->updated_at = now;
        store::saveAssistant(db, *version);
        return std::move(*version);
    };
    const auto assistant = co_await context.db.write(std::move(job));
    if (!assistant) co_return assistant.error();
    JsonWriter writer;
    writeAssistant(writer, *assistant);
    co_return http::Response::json(200, writer.take());
}

}  // namespace

void addAssistantVersions(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/assistants/{assistant_id}/versions", Body::kOptional, bind(listVersions));
    routes.add(Method::kPost, "/assistants/{assistant_id}/latest", Body::kRequired, bind(setLatest));
}

}  // namespace heddle::api
