// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/store_ops.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace heddle::graph {
namespace {

Result<Namespace> namespaceAt(JsonView op, std::string_view key) {
    return readNamespace(op.get(key).value_or(JsonView()), key);
}

Result<std::string> readItemKey(JsonView op) {
    const auto field = op.get("key");
    auto key = field ? field->string() : std::nullopt;
    if (!key || key->empty()) return Problem::invalid("key must be a string that is not empty");
    return std::move(*key);
}

// A count that is not negative.
Result<std::int64_t> readCount(JsonView op, std::string_view key, std::int64_t otherwise) {
    const auto field = op.given(key);
    if (!field) return otherwise;
    const auto count = field->integer();
    if (!count || *count < 0) return Problem::invalid(std::string(key) + " must be an integer of 0 or more");
    return *count;
}

bool refreshes(JsonView op) {
    const auto field = op.given("refresh_ttl");
    return !field || field->boolean().value_or(true);
}

Result<StoreOp> readGet(JsonView op) {
    auto ns = namespaceAt(op, "namespace");
    if (!ns) return ns.error();
    auto key = readItemKey(op);
    if (!key) return key.error();
    return StoreOp(GetItem{{std::move(*ns), std::move(*key)}, refreshes(op)});
}

Result<StoreOp> readPut(JsonView op) {
    auto ns = namespaceAt(op, "namespace");
    if (!ns) return ns.error();
    const auto writable = checkWritable(*ns);
    if (!writable) return writable.error();
    auto key = readItemKey(op);
    if (!key) return key.error();
    PutItem put{std::move(*ns), std::move(*key), {}, {}, {}};
    if (const auto value = op.given("value")) {
        if (!value->isObject()) return Problem::invalid("value must be an object or null");
        put.value = RawJson::copy(*value);
    }
    if (const auto ttl = op.given("ttl")) {
        const auto minutes = ttl->number();
        if (!minutes || !(*minutes > 0) || *minutes > limits::kTtlMinutes)
            return Problem::invalid("ttl must be minutes");
        put.ttl = microseconds(std::llround(*minutes * 60e6));
    }
    if (const auto list = op.given("vectors")) {
        auto vectors = readVectors(*list, "vectors");
        if (!vectors) return vectors.error();
        put.vectors = std::move(*vectors);
    }
    return StoreOp(std::move(put));
}

Result<StoreOp> readSearch(JsonView op) {
    store::ItemQuery query;
    auto prefix = namespaceAt(op, "namespace_prefix");
    if (!prefix) return prefix.error();
    query.prefix = std::move(*prefix);
    if (const auto filter = op.given("filter")) {
        if (!filter->isObject()) return Problem::invalid("filter must be an object");
        query.filter = RawJson::copy(*filter);
    }
    if (const auto text = op.given("vector")) {
        auto vector = readVector(*text, "vector");
        if (!vector) return vector.error();
        query.vector = std::move(*vector);
    }
    const auto limit = readCount(op, "limit", query.limit);
    if (!limit) return limit.error();
    const auto offset = readCount(op, "offset", 0);
    if (!offset) return offset.error();
    query.limit = *limit;
    query.offset = *offset;
    return StoreOp(SearchItems{std::move(query), refreshes(op)});
}

Result<StoreOp> readListNamespaces(JsonView op) {
    store::NamespaceQuery query;
    const auto conditions = op.given("match_conditions");
    for (const JsonView condition : conditions.value_or(JsonView()).elements()) {
        const auto field = condition.get("match_type");
        const auto type = field ? field->string() : std::nullopt;
        auto path = namespaceAt(condition, "path");
        if (!path) return path.error();
        if (type == "prefix") {
            query.prefix = std::move(*path);
        } else if (type == "suffix") {
            query.suffix = std::move(*path);
        } else {
            return Problem::invalid("match_type must be prefix or suffix");
        }
    }
    if (op.given("max_depth")) {
        const auto depth = readCount(op, "max_depth", 0);
        if (!depth) return depth.error();
        query.max_depth = *depth;
    }
    const auto limit = readCount(op, "limit", query.limit);
    if (!limit) return limit.error();
    const auto offset = readCount(op, "offset", 0);
    if (!offset) return offset.error();
    query.limit = *limit;
    query.offset = *offset;
    return StoreOp(std::move(query));
}

Result<StoreOp> readOp(JsonView op) {
    const auto field = op.get("op");
    const auto name = field ? field->string() : std::nullopt;
    if (name == "get") return readGet(op);
    if (name == "put") return readPut(op);
    if (name == "search") return readSearch(op);
    if (name == "list_namespaces") return readListNamespaces(op);
    return Problem::invalid("op must be get, put, search or list_namespaces");
}

struct Runner {
    sql::Connection& db;
    Timestamp now;
    JsonWriter& out;
    std::vector<ItemPlace>& to_refresh;

    void seen(const Item& item, bool refresh) const {
        if (refresh && fades(item, now)) to_refresh.push_back({item.ns, item.key});
    }
    Result<void> operator()(const GetItem& get) const {
        const auto item = store::getItem(db, get.place.ns, get.place.key, now);
        if (item) seen(*item, get.refresh);
        if (item) {
            writeItem(out, *item, Score::kNone);
        } else {
            out.null();
        }
        return {};
    }
    Result<void> operator()(const PutItem& put) const {
        if (put.value.isNull()) {
            store::deleteItem(db, put.ns, put.key);
        } else {
            store::putItem(db, put.ns, put.key, put.value.view(), put.ttl, now, put.vectors);
        }
        out.null();
        return {};
    }
    Result<void> operator()(const SearchItems& search) const {
        const auto items = store::searchItems(db, search.query, now);
        if (!items) return items.error();
        out.beginArray();
        for (const auto& item : *items) {
            seen(item, search.refresh);
            writeItem(out, item, Score::kShown);
        }
        out.endArray();
        return {};
    }
    Result<void> operator()(const store::NamespaceQuery& query) const {
        out.beginArray();
        for (const auto& ns : store::listNamespaces(db, query, now)) writeNamespace(out, ns);
        out.endArray();
        return {};
    }
};

}  // namespace

Result<std::vector<StoreOp>> readStoreOps(JsonView body) {
    const auto list = body.get("ops");
    if (!list || list->type() != JsonType::kArray) return Problem::invalid("ops must be a list");
    std::vector<StoreOp> ops;
    for (const JsonView element : list->elements()) {
        auto op = readOp(element);
        if (!op)
            return Problem::invalid("Operation " + std::to_string(ops.size()) + ": " + op.error().detail);
        ops.push_back(std::move(*op));
    }
    return ops;
}

bool changesItems(const std::vector<StoreOp>& ops) {
    return std::any_of(ops.begin(), ops.end(),
                       [](const StoreOp& op) { return std::holds_alternative<PutItem>(op); });
}

bool searchesByMeaning(const std::vector<StoreOp>& ops) {
    return std::any_of(ops.begin(), ops.end(), [](const StoreOp& op) {
        const auto* search = std::get_if<SearchItems>(&op);
        return search != nullptr && search->query.vector;
    });
}

Result<StoreResults> runStoreOps(sql::Connection& db, const std::vector<StoreOp>& ops, Timestamp now) {
    JsonWriter out;
    out.beginObject().key("results").beginArray();
    StoreResults results;
    const Runner runner{db, now, out, results.to_refresh};
    for (const auto& op : ops) {
        const auto done = std::visit(runner, op);
        if (!done) return done.error();
    }
    results.json = out.endArray().endObject().take();
    return results;
}

}  // namespace heddle::graph
