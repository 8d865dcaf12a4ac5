// SPDX-License-Identifier: Apache-2.0
// /runs/crons: search, count, get, the last runs.
#include "api/context.hpp"
#include "api/cron_objects.hpp"
#include "api/object_fields.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "api/query_list.hpp"
#include "api/search_body.hpp"
#include "store/crons.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

store::CronQuery cronQuery(JsonView body) {
    store::CronQuery query;
    if (const auto id = body.given("assistant_id"))
        query.assistant = AssistantId::parse(id->string().value_or(""));
    if (const auto id = body.given("thread_id")) query.thread = ThreadId::parse(id->string().value_or(""));
    if (const auto enabled = body.given("enabled")) query.enabled = enabled->boolean();
    readSearch(body, query);
    return query;
}

asio::awaitable<Result<http::Response>> searchCrons(Context& context, Call& call) {
    auto query = std::make_shared<const store::CronQuery>(cronQuery(call.json()));
    auto job = [query](sql::Connection& db) -> Result<store::CronPage> {
        return store::searchCrons(db, *query);
    };
    const auto page = co_await context.db.read(std::move(job));
    if (!page) co_return page.error();
    const Select select = selectOf(call.json());
    JsonWriter writer;
    writer.beginArray();
    for (const auto& cron : page->crons) writeCron(writer, cron, select);
    writer.endArray();
    auto response = http::Response::json(200, writer.take());
    addPagination(response, {query->limit, query->offset}, page->total, page->crons.size());
    co_return response;
}

asio::awaitable<Result<http::Response>> countCrons(Context& context, Call& call) {
    return answerCount(context, cronQuery(call.json()), store::countCrons);
}

asio::awaitable<Result<http::Response>> getCron(Context& context, Call& call) {
    const auto id = pathId<CronId>(call, "cron_id", "cron");
    if (!id) co_return id.error();
    auto job = [id = *id](sql::Connection& db) -> Result<Cron> {
        auto found = store::findCron(db, id);
        return found ? Result<Cron>(std::move(*found)) : Result<Cron>(noCron(id.str()));
    };
    const auto cron = co_await context.db.read(std::move(job));
    if (!cron) co_return cron.error();
    JsonWriter writer;
    writeCron(writer, *cron);
    co_return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> listFirings(Context& context, Call& call) {
    const auto id = pathId<CronId>(call, "cron_id", "cron");
    if (!id) co_return id.error();
    const auto limit = queryInteger(call.request, "limit", 10);
    const auto offset = queryInteger(call.request, "offset", 0);
    auto job = [id = *id, limit, offset](sql::Connection& db) -> Result<std::vector<CronFiring>> {
        if (!store::findCron(db, id)) return noCron(id.str());
        return store::listFirings(db, id, limit, offset);
    };
    const auto firings = co_await context.db.read(std::move(job));
    if (!firings) co_return firings.error();
    JsonWriter writer;
    writer.beginArray();
    for (const auto& firing : *firings) writeFiring(writer, firing);
    writer.endArray();
    co_return http::Response::json(200, writer.take());
}

}  // namespace

void writeCron(JsonWriter& writer, const Cron& cron, const Select& select) {
    ObjectFields fields(writer, select);
    fields.string("cron_id", cron.id.str());
    fields.string("assistant_id", cron.assistant.str());
    fields.optionalString("thread_id", cron.thread ? std::optional(cron.thread->str()) : std::nullopt);
    fields.string("user_id", "");
    fields.optionalTime("end_time", cron.end_time);
    fields.string("schedule", cron.schedule);
    fields.optionalString("timezone", cron.timezone);
    if (fields.wanted("payload")) fields.raw("payload", shownPayload(cron));
    fields.optionalTime("next_run_date", cron.next_run);
    fields.raw("metadata", cron.metadata);
    const std::string completed = cron.keeps_threads ? "keep" : "delete";
    fields.optionalString("on_run_completed", cron.thread ? std::nullopt : std::optional(completed));
    fields.boolean("enabled", cron.enabled);
    if (cron.disabled_reason) fields.string("disabled_reason", *cron.disabled_reason);
    fields.time("created_at", cron.created_at);
    fields.time("updated_at", cron.updated_at);
}

void writeFiring(JsonWriter& writer, const CronFiring& firing) {
    const Select all;
    ObjectFields fields(writer, all);
    fields.time("scheduled_for", firing.slot);
    fields.time("fired_at", firing.fired_at);
    fields.optionalString("run_id", firing.run ? std::optional(firing.run->str()) : std::nullopt);
    fields.optionalString("thread_id", firing.thread ? std::optional(firing.thread->str()) : std::nullopt);
    fields.optionalString(
        "status", firing.status ? std::optional(std::string(toString(*firing.status))) : std::nullopt);
    fields.optionalString("error", firing.error);
}

void addCronLookups(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/runs/crons/search", Body::kOptional, bind(searchCrons));
    routes.add(Method::kPost, "/runs/crons/count", Body::kOptional, bind(countCrons));
    routes.add(Method::kGet, "/runs/crons/{cron_id}", Body::kNone, bind(getCron));
    routes.add(Method::kGet, "/runs/crons/{cron_id}/runs", Body::kNone, bind(listFirings));
}

}  // namespace heddle::api
