// SPDX-License-Identifier: Apache-2.0
// Searching assistants: by indexes that hold all that is asked, by the side table of metadata, and where
// neither says it, by the metadata themselves.
#include "sql/dialect.hpp"
#include "store/assistant_rows.hpp"
#include "store/assistants.hpp"
#include "store/conditions.hpp"
#include "store/metadata_plan.hpp"
#include "store/page.hpp"
#include "store/sorting.hpp"

#include <string_view>
#include <utility>

namespace heddle::store {
namespace {

std::string escapedForLike(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string orderBy(const AssistantQuery& query) {
    static constexpr SortColumns<5> kColumns = {{
        {"assistant_id", "a.uuid"},
        {"created_at", "a.created_at"},
        {"updated_at", "a.updated_at"},
        {"name", "a.name"},
        {"graph_id", "a.graph_id"},
    }};
    const Sorting sorting = sortingOf(query, kColumns);
    const std::string direction(sorting.direction);
    return " ORDER BY " + std::string(sorting.column) + direction + ", a.id" + direction;
}

Conditions conditions(sql::Connection& db, const AssistantQuery& query, const MetadataPlan& plan,
                      Lookup first) {
    Conditions out;
    // The plus: walking along the order, in an index that has these columns too, beats a list by one of them.
    if (query.graph_id) out.add("+a.graph_id = ?", *query.graph_id);
    if (query.name) {
        out.add("a.name " + std::string(sql::dialect::likeAnyCase(db.dialect())) + " ? ESCAPE '\\'",
                "%" + escapedForLike(*query.name) + "%");
    }
    for (const MetadataKey& key : plan.keys) {
        addKey(out, kAssistantMetadata, "a.id", key, &key == plan.keys.data() ? first : Lookup::kEach);
    }
    return out;
}

// For a page: many that have the key are found sooner along the order.
Lookup firstFor(sql::Connection& db, const MetadataPlan& plan) {
    if (plan.keys.empty()) return Lookup::kEach;
    const auto all = singleInteger(db.query("SELECT max(id) FROM assistants"));
    return plan.keys.front().owners * kWalkShare > all ? Lookup::kEach : Lookup::kList;
}

std::vector<std::int64_t> scan(sql::Connection& db, const AssistantQuery& query, const MetadataPlan& plan,
                               const std::string& order) {
    const auto where = conditions(db, query, plan, Lookup::kList);
    auto rows = where.query(db, "SELECT a.id, a.metadata FROM assistants a" + where.where() + order);
    std::vector<std::int64_t> found;
    while (rows.step()) {
        if (plan.matchesRest(JsonView::trusted(rows.text(1)))) found.push_back(rows.integer(0));
    }
    return found;
}

std::int64_t count(sql::Connection& db, const AssistantQuery& query, const MetadataPlan& plan) {
    if (plan.impossible) return 0;
    if (!plan.rest.empty()) return static_cast<std::int64_t>(scan(db, query, plan, {}).size());
    if (plan.keys.size() == 1 && !query.graph_id && !query.name) return plan.keys.front().owners;
    const auto where = conditions(db, query, plan, Lookup::kList);
    return singleInteger(where.query(db, "SELECT count(*) FROM assistants a" + where.where()));
}

std::vector<Assistant> load(sql::Connection& db, const std::vector<std::int64_t>& page) {
    std::vector<Assistant> out;
    out.reserve(page.size());
    for (const auto id : page) {
        auto row = db.query(
            "SELECT uuid, graph_id, name, description, config, context, metadata, version, created_at,"
            " updated_at FROM assistants WHERE id = $1",
            id);
        if (row.step()) out.push_back(readAssistant(row));
    }
    return out;
}

}  // namespace

AssistantPage searchAssistants(sql::Connection& db, const AssistantQuery& query) {
    const MetadataPlan plan = planMetadata(db, kAssistantMetadata, query.metadata.view());
    AssistantPage page;
    if (plan.impossible) return page;
    if (!plan.rest.empty()) {
        auto found = scan(db, query, plan, orderBy(query));
        page.total = static_cast<std::int64_t>(found.size());
        paginate(found, query.offset, query.limit);
        page.assistants = load(db, found);
        return page;
    }
    auto where = conditions(db, query, plan, firstFor(db, plan));
    const std::string text = "SELECT a.id FROM assistants a" + where.where() + orderBy(query) +
                             where.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
    page.assistants = load(db, rowIds(where.query(db, text)));
    const auto known = totalAfter(page.assistants.size(), query.offset, query.limit);
    page.total = known ? *known : count(db, query, plan);
    return page;
}

std::int64_t countAssistants(sql::Connection& db, const AssistantQuery& query) {
    return count(db, query, planMetadata(db, kAssistantMetadata, query.metadata.view()));
}

}  // namespace heddle::store
