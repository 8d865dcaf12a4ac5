// SPDX-License-Identifier: Apache-2.0
// / /ok /ready /info /docs /openapi.json /metrics
#include "api/context.hpp"
#include "api/operation.hpp"
#include "store/deliveries.hpp"

#include <algorithm>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

http::Response content(std::string_view type, std::string body) {
    http::Response response;
    response.headers.set("content-type", std::string(type));
    response.body = std::move(body);
    return response;
}

http::Response ok(const Context& context) {
    const bool bare = context.config.http.disable_meta;
    return http::Response::json(200, bare ? R"({"ok":true})" : R"({"ok":true,"services":{}})");
}

asio::awaitable<Result<http::Response>> checkDatabase(Context& context) {
    auto job = [](sql::Connection& db) -> Result<bool> {
        auto statement = db.query("SELECT 1");
        return statement.step();
    };
    const auto alive = co_await context.db.read(std::move(job));
    if (!alive) co_return alive.error();
    co_return ok(context);
}

asio::awaitable<Result<http::Response>> getOk(Context& context, Call& call) {
    if (call.request.queryValue("check_db") == "1") co_return co_await checkDatabase(context);
    co_return ok(context);
}

asio::awaitable<Result<http::Response>> getReady(Context& context, Call&) {
    const auto checks = co_await context.readiness.check();
    const auto is_missing = [](const auto& check) { return check.missing.has_value(); };
    const bool ready = std::ranges::none_of(checks, is_missing);
    JsonWriter writer;
    writer.beginObject().key("ready").boolean(ready);
    if (!context.config.http.disable_meta) {
        writer.key("checks").beginObject();
        for (const auto& check : checks) writer.key(check.name).string(check.missing.value_or("ok"));
        writer.endObject();
    }
    writer.endObject();
    auto response = http::Response::json(ready ? 200 : 503, writer.take());
    response.headers.set("cache-control", "no-store");
    co_return response;
}

asio::awaitable<Result<http::Response>> getInfo(Context& context, Call&) {
    JsonWriter writer;
    writer.beginObject().key("version").string(context.version);
    writer.key("langgraph_py_version").null();
    writer.key("flags").beginObject();
    writer.key("assistants").boolean(!context.config.http.disable_assistants).key("crons").boolean(false);
    writer.key("langsmith").boolean(false).key("langsmith_tracing_replicas").boolean(false);
    writer.endObject();
    writer.key("host").beginObject().key("kind").string("self-hosted");
    writer.key("project_id").null().key("host_revision_id").null();
    writer.key("revision_id").null().key("tenant_id").null().endObject();
    writer.key("graph_errors").beginObject();
    for (const auto& fault : context.runs.graphFaults()) writer.key(fault.graph_id).raw(fault.error.json());
    writer.endObject();
    writer.key("server").string("heddle").endObject();
    co_return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> getDocs(Context& context, Call&) {
    co_return content("text/html; charset=utf-8", std::string(context.docs));
}

asio::awaitable<Result<http::Response>> getDocument(Context& context, Call&) {
    co_return content("application/json", context.document.text());
}

asio::awaitable<Result<http::Response>> getMetrics(Context& context, Call& call) {
    context.metrics.setRuns(context.runs.waiting(), context.runs.running());
    auto job = [](sql::Connection& db) -> Result<std::optional<Timestamp>> {
        return store::oldestPending(db);
    };
    const auto oldest = co_await context.db.read(std::move(job));
    const bool waits = oldest && *oldest;
    context.metrics.setOldestWebhook(waits ? context.clock.now() - **oldest : microseconds(0));
    if (call.request.queryValue("format") == "json")
        co_return content("application/json", context.metrics.exposeJson());
    co_return content(metrics::Metrics::kTextContentType, context.metrics.exposeText());
}

}  // namespace

void addSystem(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kGet, "/", Body::kNone, bind(getOk));
    routes.add(Method::kGet, "/ok", Body::kNone, bind(getOk));
    routes.add(Method::kGet, "/ready", Body::kNone, bind(getReady));
    routes.add(Method::kGet, "/info", Body::kNone, bind(getInfo));
    routes.add(Method::kGet, "/docs", Body::kNone, bind(getDocs));
    routes.add(Method::kGet, "/openapi.json", Body::kNone, bind(getDocument));
    routes.add(Method::kGet, "/metrics", Body::kNone, bind(getMetrics));
}

}  // namespace heddle::api
