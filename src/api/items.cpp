// SPDX-License-Identifier: Apache-2.0
// /store: items and namespaces, those that graphs see as their store.
#include "store/items.hpp"

#include "api/context.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "api/query_list.hpp"
#include "store/item_refresh.hpp"

#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// A list of labels in a body; the empty namespace when it is missing or null.
Result<Namespace> namespaceIn(JsonView body, std::string_view field) {
    const auto list = body.given(field);
    return list ? readNamespace(*list, field) : Namespace();
}

Result<ItemPlace> placeIn(JsonView body) {
    auto ns = namespaceIn(body, "namespace");
    if (!ns) return ns.error();
    const auto key = body.get("key");
    return ItemPlace{std::move(*ns), key ? key->string().value_or("") : ""};
}

// `namespace=a.b`, or a label in each of several.
Result<ItemPlace> placeAsked(const http::Request& request) {
    ItemPlace place;
    for (std::string_view text : request.queryValues("namespace")) {
        for (std::size_t end = 0; end != std::string_view::npos && !text.empty();) {
            end = text.find('.');
            if (end == 0 || end == text.size() - 1) {
                return Problem::invalid("namespace: labels cannot be empty strings");
            }
            place.ns.emplace_back(text.substr(0, end));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }
    place.key = request.queryValue("key").value_or("");
    return place;
}

// The vectors of a value that is about to be put, as `index` says; none without `store.index`.
asio::awaitable<Result<std::vector<Vector>>> vectorsFor(Context& context, JsonView body) {
    const JsonView index = body.get("index").value_or(JsonView());
    if (!context.config.store_index || index.boolean() == false) co_return std::vector<Vector>();
    EmbeddingQuestion question;
    question.value = RawJson::copy(body.get("value").value_or(JsonView()));
    if (index.type() == JsonType::kArray) question.index = RawJson::copy(index);
    co_return co_await context.runs.embed(std::move(question));
}

bool refreshesByDefault(const Context& context) {
    return context.config.store_ttl.refresh_on_read;
}

asio::awaitable<Result<http::Response>> putItem(Context& context, Call& call) {
    auto place = placeIn(call.json());
    if (!place) co_return place.error();
    const auto writable = checkWritable(place->ns);
    if (!writable) co_return writable.error();
    std::optional<microseconds> ttl = context.config.store_ttl.forNewItems();
    if (const auto minutes = call.json().given("ttl"))
        ttl = microseconds(std::llround(minutes->number().value_or(0) * 60e6));
    auto embedded = co_await vectorsFor(context, call.json());
    if (!embedded) co_return embedded.error();
    auto vectors = std::make_shared<const std::vector<Vector>>(std::move(*embedded));
    auto value =
        std::make_shared<const RawJson>(RawJson::copy(call.json().get("value").value_or(JsonView())));
    auto job = [place = *place, value, ttl, vectors,
                now = context.clock.now()](sql::Connection& db) -> Result<bool> {
        store::putItem(db, place.ns, place.key, value->view(), ttl, now, *vectors);
        return true;
    };
    const auto done = co_await context.db.write(std::move(job));
    if (!done) co_return done.error();
    co_return http::Response::noContent();
}

asio::awaitable<Result<http::Response>> deleteItem(Context& context, Call& call) {
    auto place = placeIn(call.json());
    if (!place) co_return place.error();
    auto job = [place = *place](sql::Connection& db) -> Result<bool> {
        store::deleteItem(db, place.ns, place.key);
        return true;
    };
    const auto done = co_await context.db.write(std::move(job));
    if (!done) co_return done.error();
    co_return http::Response::noContent();
}

asio::awaitable<Result<http::Response>> getItem(Context& context, Call& call) {
    auto place = placeAsked(call.request);
    if (!place) co_return place.error();
    auto job = [place = *place,
                now = context.clock.now()](sql::Connection& db) -> Result<std::optional<Item>> {
        return store::getItem(db, place.ns, place.key, now);
    };
    const auto item = co_await context.db.read(std::move(job));
    if (!item) co_return item.error();
    const bool refresh = call.request.queryValue("refresh_ttl") ? queryFlag(call.request, "refresh_ttl")
                                                                : refreshesByDefault(context);
    if (refresh && *item && fades(**item, context.clock.now())) {
        store::refreshLater(context.loop, context.db, {*place}, context.clock.now());
    }
    JsonWriter out;
    if (*item) {
        writeItem(out, **item, Score::kNone);
    } else {
        out.null();
    }
    co_return http::Response::json(200, out.take());
}

asio::awaitable<Result<http::Response>> searchItems(Context& context, Call& call) {
    const JsonView body = call.json();
    auto query = std::make_shared<store::ItemQuery>();
    auto prefix = namespaceIn(body, "namespace_prefix");
    if (!prefix) co_return prefix.error();
    query->prefix = std::move(*prefix);
    query->filter = RawJson::copy(body.objectAt("filter"));
    const Page page = pageOf(body);
    query->limit = page.limit;
    query->offset = page.offset;
    const auto text = body.get("query").value_or(JsonView()).string();
    if (context.config.store_index && text && !text->empty()) {
        EmbeddingQuestion question{text, {}, {}};
        auto vectors = co_await context.runs.embed(std::move(question));
        if (!vectors) co_return vectors.error();
        query->vector = std::move(vectors->front());
    }
    auto job = [query, now = context.clock.now()](sql::Connection& db) {
        return store::searchItems(db, *query, now);
    };
    auto searching = query->vector ? context.db.scan(std::move(job)) : context.db.read(std::move(job));
    const auto items = co_await std::move(searching);
    if (!items) co_return items.error();
    const auto asked = body.given("refresh_ttl");
    if (asked ? asked->boolean().value_or(true) : refreshesByDefault(context)) {
        std::vector<ItemPlace> fading;
        for (const auto& item : *items) {
            if (fades(item, context.clock.now())) fading.push_back({item.ns, item.key});
        }
        store::refreshLater(context.loop, context.db, std::move(fading), context.clock.now());
    }
    JsonWriter out;
    out.beginObject().key("items").beginArray();
    for (const auto& item : *items) writeItem(out, item, Score::kShown);
    out.endArray().endObject();
    co_return http::Response::json(200, out.take());
}

asio::awaitable<Result<http::Response>> listNamespaces(Context& context, Call& call) {
    constexpr std::int64_t kLimit = 100;
    const JsonView body = call.json();
    auto query = std::make_shared<store::NamespaceQuery>();
    for (const auto& [field, to] :
         {std::pair("prefix", &query->prefix), std::pair("suffix", &query->suffix)}) {
        auto labels = namespaceIn(body, field);
        if (!labels) co_return labels.error();
        if (!labels->empty()) *to = std::move(*labels);
    }
    if (const auto depth = body.get("max_depth")) query->max_depth = depth->integer();
    const Page page = pageOf(body);
    query->limit = body.get("limit") ? page.limit : kLimit;
    query->offset = page.offset;
    auto job = [query, now = context.clock.now()](sql::Connection& db) -> Result<std::vector<Namespace>> {
        return store::listNamespaces(db, *query, now);
    };
    const auto found = co_await context.db.read(std::move(job));
    if (!found) co_return found.error();
    JsonWriter out;
    out.beginObject().key("namespaces").beginArray();
    for (const auto& ns : *found) writeNamespace(out, ns);
    out.endArray().endObject();
    co_return http::Response::json(200, out.take());
}

}  // namespace

void addItems(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPut, "/store/items", Body::kRequired, bind(putItem));
    routes.add(Method::kDelete, "/store/items", Body::kRequired, bind(deleteItem));
    routes.add(Method::kGet, "/store/items", Body::kNone, bind(getItem));
    routes.add(Method::kPost, "/store/items/search", Body::kOptional, bind(searchItems));
    routes.add(Method::kPost, "/store/namespaces", Body::kOptional, bind(listNamespaces));
}

}  // namespace heddle::api
