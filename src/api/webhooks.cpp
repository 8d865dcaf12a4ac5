// SPDX-License-Identifier: Apache-2.0
// /webhooks: what was delivered and what was not, sending again, cancelling, trying a URL.
#include "api/context.hpp"
#include "api/deliveries.hpp"
#include "api/operation.hpp"
#include "base/log.hpp"
#include "webhook/dispatcher.hpp"
#include "webhook/url.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

using store::Responses;

// What a receiver answered is shown only to those who hold a key, or where everybody who can ask could call
// the receiver himself: otherwise this would be a way to read from the server's network.
Responses responsesShown(const Context& context) {
    const auto& config = context.config;
    return !config.api_keys.empty() || config.webhooks.loopback_only ? Responses::kIncluded
                                                                     : Responses::kLeftOut;
}

std::optional<Problem> switchedOff(const Context& context) {
    if (!context.config.http.disable_webhooks) return std::nullopt;
    return Problem::conflict("Webhooks are switched off (http.disable_webhooks)");
}

http::Response deliveryResponse(const store::LoggedDelivery& logged, Responses responses) {
    JsonWriter writer;
    writeDelivery(writer, logged, responses);
    return http::Response::json(200, writer.take());
}

// A host as Delivery::host spells it. Anything that looks like a URL is refused, and never repeated: it may
// hold a token.
Result<std::string> hostFilter(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    const auto colons = std::ranges::count(text, ':');
    const bool with_port = bracketed ? !text.ends_with(']') : colons == 1;
    const bool odd = text.find_first_of("/?#@\\") != std::string_view::npos;
    const std::string host = !bracketed && colons > 1 ? fmt::format("[{}]", text) : std::string(text);
    auto url = webhook::parseUrl("http://" + host + "/");
    if (with_port || odd || !url) {
        return Problem::invalid("host must be a host name or an address, without scheme, port or path");
    }
    return std::move(url->host);
}

template <class Id>
std::optional<Id> idFilter(const http::Request& request, std::string_view name) {
    const auto text = request.queryValue(name);
    return text ? Id::parse(*text) : std::nullopt;
}

std::optional<Timestamp> timeFilter(const http::Request& request, std::string_view name) {
    const auto text = request.queryValue(name);
    return text ? Timestamp::parse(*text) : std::nullopt;
}

// From a query that the schema accepted.
Result<store::DeliveryQuery> deliveryQuery(const http::Request& request) {
    store::DeliveryQuery query;
    query.run_id = idFilter<RunId>(request, "run_id");
    query.thread_id = idFilter<ThreadId>(request, "thread_id");
    if (const auto status = request.queryValue("status")) query.status = parseDeliveryStatus(*status);
    if (const auto text = request.queryValue("host")) {
        auto host = hostFilter(*text);
        if (!host) return host.error();
        query.host = std::move(*host);
    }
    query.since = timeFilter(request, "since");
    query.until = timeFilter(request, "until");
    if (const auto limit = request.queryValue("limit")) {
        const auto number = RawJson::parse(std::string(*limit));  // 1e2 is an integer to the schema, too
        if (number) query.limit = number->view().integer().value_or(query.limit);
    }
    if (const auto text = request.queryValue("cursor")) {
        query.after = store::DeliveryCursor::parse(*text);
        if (!query.after) return Problem::invalid("cursor is not the next_cursor of an earlier answer");
    }
    return query;
}

asio::awaitable<Result<http::Response>> listDeliveries(Context& context, Call& call) {
    auto query = deliveryQuery(call.request);
    if (!query) co_return query.error();
    auto job = [query = std::move(*query)](sql::Connection& db) -> Result<store::DeliveryPage> {
        return store::listDeliveries(db, query);
    };
    const auto page = co_await context.db.read(std::move(job));
    if (!page) co_return page.error();
    JsonWriter writer;
    writer.beginObject().key("deliveries").beginArray();
    for (const auto& logged : page->deliveries) writeDelivery(writer, logged, Responses::kLeftOut);
    writer.endArray().key("next_cursor");
    if (page->next) {
        writer.string(page->next->text());
    } else {
        writer.null();
    }
    writer.endObject();
    co_return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> getDelivery(Context& context, Call& call) {
    const auto id = pathId<DeliveryId>(call, "delivery_id", "delivery");
    if (!id) co_return id.error();
    const auto responses = responsesShown(context);
    auto job = [id = *id, responses](sql::Connection& db) -> Result<store::LoggedDelivery> {
        auto logged = store::findLoggedDelivery(db, id, responses);
        if (!logged) return Problem::notFound("Delivery with ID " + id.str() + " not found");
        return std::move(*logged);
    };
    const auto logged = co_await context.db.read(std::move(job));
    if (!logged) co_return logged.error();
    co_return deliveryResponse(*logged, responses);
}

asio::awaitable<Result<http::Response>> resendDelivery(Context& context, Call& call) {
    const auto id = pathId<DeliveryId>(call, "delivery_id", "delivery");
    if (!id) co_return id.error();
    if (const auto off = switchedOff(context)) co_return *off;
    auto job = [id = *id, now = context.clock.now()](sql::Connection& db) {
        return store::resendDelivery(db, id, now);
    };
    const auto changed = co_await context.db.write(std::move(job));
    if (!changed) co_return changed.error();
    const auto& delivery = changed->delivery.delivery;
    if (changed->before != DeliveryStatus::kPending) context.metrics.webhooksQueued(1);
    context.webhooks.release(delivery.lane);
    log::info("webhook.resend", {{"delivery_id", delivery.id},
                                 {"run_id", delivery.run_id},
                                 {"origin", delivery.lane},
                                 {"was", toString(changed->before)}});
    co_return deliveryResponse(changed->delivery, Responses::kLeftOut);
}

asio::awaitable<Result<http::Response>> cancelDelivery(Context& context, Call& call) {
    const auto id = pathId<DeliveryId>(call, "delivery_id", "delivery");
    if (!id) co_return id.error();
    auto job = [id = *id, now = context.clock.now()](sql::Connection& db) {
        return store::cancelDelivery(db, id, now);
    };
    const auto changed = co_await context.db.write(std::move(job));
    if (!changed) co_return changed.error();
    const auto& delivery = changed->delivery.delivery;
    context.metrics.webhooksEnded(toString(delivery.status), 1);
    log::info("webhook.cancelled",
              {{"delivery_id", delivery.id}, {"run_id", delivery.run_id}, {"origin", delivery.lane}});
    co_return deliveryResponse(changed->delivery, Responses::kLeftOut);
}

// From a body that the schema accepted.
Result<store::RecoverQuery> recoverQuery(JsonView body) {
    const auto textOf = [body](std::string_view key) -> std::string {
        const auto value = body.get(key);
        return value ? value->string().value_or("") : "";
    };
    store::RecoverQuery query;
    query.since = Timestamp::parse(textOf("since")).value_or(Timestamp());
    query.until = Timestamp::parse(textOf("until"));
    query.status = parseDeliveryStatus(textOf("status")).value_or(query.status);
    if (query.until && *query.until <= query.since) return Problem::invalid("until must be later than since");
    return query;
}

// Chunk by chunk, so that other writes get their turn. What was committed stays when a later one fails.
asio::awaitable<Result<http::Response>> recoverDeliveries(Context& context, Call& call) {
    if (const auto off = switchedOff(context)) co_return *off;
    auto query = recoverQuery(call.json());
    if (!query) co_return query.error();
    std::int64_t recovered = 0;
    bool more = true;
    while (more) {
        auto job = [query = *query,
                    now = context.clock.now()](sql::Connection& db) -> Result<store::RecoveredChunk> {
            return store::recoverDeliveries(db, query, now);
        };
        const auto chunk = co_await context.db.write(std::move(job));
        if (!chunk) co_return chunk.error();
        if (chunk->recovered > 0) {
            recovered += chunk->recovered;
            context.metrics.webhooksQueued(static_cast<std::size_t>(chunk->recovered));
            context.webhooks.wake();
        }
        query->after = chunk->next;
        more = chunk->next.has_value();
    }
    log::info("webhook.recovered", {{"deliveries", recovered}, {"was", toString(query->status)}});
    JsonWriter writer;
    writer.beginObject().key("recovered").integer(recovered).endObject();
    co_return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> testUrl(Context& context, Call& call) {
    if (const auto off = switchedOff(context)) co_return *off;
    const auto url = call.json().get("url");
    const auto attempt = co_await context.webhooks.test(url ? url->string().value_or("") : "");
    if (!attempt) co_return attempt.error();
    JsonWriter writer;
    writer.beginObject().key("ok").boolean(attempt->outcome == AttemptOutcome::kSuccess).key("attempt");
    writeAttempt(writer, *attempt, responsesShown(context));
    writer.endObject();
    co_return http::Response::json(200, writer.take());
}

}  // namespace

void addWebhooks(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kGet, "/webhooks/deliveries", Body::kNone, bind(listDeliveries));
    routes.add(Method::kPost, "/webhooks/deliveries/recover", Body::kRequired, bind(recoverDeliveries));
    routes.add(Method::kGet, "/webhooks/deliveries/{delivery_id}", Body::kNone, bind(getDelivery));
    routes.add(Method::kPost, "/webhooks/deliveries/{delivery_id}/resend", Body::kNone, bind(resendDelivery));
    routes.add(Method::kPost, "/webhooks/deliveries/{delivery_id}/cancel", Body::kNone, bind(cancelDelivery));
    routes.add(Method::kPost, "/webhooks/test", Body::kRequired, bind(testUrl));
}

}  // namespace heddle::api
