// SPDX-License-Identifier: Apache-2.0
// Searching threads: by SQL where the indexes can answer, else the candidates' JSON is looked into one by
// one.
#include "sql/dialect.hpp"
#include "store/conditions.hpp"
#include "store/json_match.hpp"
#include "store/metadata_plan.hpp"
#include "store/page.hpp"
#include "store/rows.hpp"
#include "store/sorting.hpp"
#include "store/thread_rows.hpp"
#include "store/threads.hpp"
#include "store/value_bits.hpp"

#include <utility>

namespace heddle::store {
namespace {

struct Plan {
    MetadataPlan metadata;
    bool by_values = false;
    std::int64_t value_bits = 0;  // that a thread must have before its values are looked into

    [[nodiscard]] bool scans() const { return !metadata.rest.empty() || by_values; }
};

Plan plan(sql::Connection& db, const ThreadQuery& query) {
    Plan out;
    out.metadata = planMetadata(db, kThreadMetadata, query.metadata.view());
    out.by_values = !query.values.view().fields().empty();
    out.value_bits = wantedBits(query.values.view());
    return out;
}

std::int64_t threadsWith(sql::Connection& db, ThreadStatus status) {
    return singleInteger(
        db.query("SELECT count(*) FROM threads WHERE status = $1 AND temporary = 0", toString(status)));
}

// Sorting by it is walking along an index.
bool isIndexed(std::string_view sort_by) {
    return sort_by != "thread_id";
}

Conditions conditions(sql::Connection& db, const ThreadQuery& query, const Plan& plan, Lookup first) {
    Conditions out;
    // The plus keeps SQLite from reading the whole table in the order of an index that does not help.
    const bool sorted = isIndexed(query.sort_by);
    out.add(sorted || (query.status && query.ids.empty()) ? "t.temporary = 0" : "+t.temporary = 0");
    if (!query.ids.empty()) {
        JsonWriter ids;
        ids.beginArray();
        for (const auto& id : query.ids) ids.string(id.str());
        ids.endArray();
        out.add("t.uuid IN (" + sql::dialect::eachString(db.dialect(), "?") + ")", ids.take());
    }
    if (query.status) out.add("t.status = ?", std::string(toString(*query.status)));
    for (const MetadataKey& key : plan.metadata.keys) {
        const bool first_key = &key == plan.metadata.keys.data();
        addKey(out, kThreadMetadata, "t.id", key, first_key ? first : Lookup::kEach);
    }
    if (plan.value_bits != 0) {
        // With nothing else to begin with, the list comes from the index that has the bits.
        const bool alone =
            plan.metadata.keys.empty() && query.ids.empty() && !query.status && query.sort_by != "updated_at";
        out.add(alone
                    ? "t.id IN (SELECT v.id FROM threads v WHERE v.temporary = 0 AND (v.value_bits & ?) = ?)"
                    : "(t.value_bits & ?) = ?",
                plan.value_bits, plan.value_bits);
    }
    return out;
}

// Is the list of the first key's threads the shortest list to begin with?
Lookup shortest(sql::Connection& db, const ThreadQuery& query, const Plan& plan) {
    if (!query.ids.empty()) return Lookup::kEach;
    if (plan.metadata.keys.empty() || !query.status) return Lookup::kList;
    return plan.metadata.keys.front().owners > threadsWith(db, *query.status) ? Lookup::kEach : Lookup::kList;
}

Lookup firstFor(sql::Connection& db, const ThreadQuery& query, const Plan& plan) {
    const Lookup first = shortest(db, query, plan);
    if (first == Lookup::kEach || plan.metadata.keys.empty() || !isIndexed(query.sort_by)) return first;
    const auto all = singleInteger(db.query("SELECT max(id) FROM threads"));
    return plan.metadata.keys.front().owners * kWalkShare > all ? Lookup::kEach : Lookup::kList;
}

std::string orderBy(const ThreadQuery& query) {
    static constexpr SortColumns<5> kColumns = {{
        {"thread_id", "t.uuid"},
        {"status", "t.status"},  // and then by updated_at, as the index is
        {"created_at", "t.created_at"},
        {"updated_at", "t.updated_at"},
        {"state_updated_at", "t.state_updated_at"},
    }};
    const Sorting sorting = sortingOf(query, kColumns);
    const std::string direction(sorting.direction);
    const std::string then = query.sort_by == "status" ? ", t.updated_at" + direction : "";
    return " ORDER BY " + std::string(sorting.column) + direction + then + ", t.id" + direction;
}

bool matches(sql::Connection& db, std::int64_t id, const Plan& plan, const ThreadQuery& query) {
    if (!plan.metadata.rest.empty()) {
        auto row = db.query("SELECT metadata FROM threads WHERE id = $1", id);
        if (!row.step() || !plan.metadata.matchesRest(JsonView::trusted(row.text(0)))) return false;
    }
    if (!plan.by_values) return true;
    auto row = db.query("SELECT state_values FROM thread_states WHERE thread = $1", id);
    return row.step() && containsJson(JsonView::trusted(row.text(0)), query.values.view());
}

std::vector<std::int64_t> scan(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    const auto where = conditions(db, query, plan, shortest(db, query, plan));
    const std::string text = "SELECT t.id FROM threads t" + where.where() + orderBy(query);
    auto found = rowIds(where.query(db, text));
    std::erase_if(found, [&](std::int64_t id) { return !matches(db, id, plan, query); });
    return found;
}

std::int64_t count(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    if (plan.metadata.impossible) return 0;
    if (plan.scans()) return static_cast<std::int64_t>(scan(db, plan, query).size());
    // Only threads that can be found are in the side table.
    if (plan.metadata.keys.size() == 1 && query.ids.empty() && !query.status)
        return plan.metadata.keys.front().owners;
    ThreadQuery any_order = query;
    any_order.sort_by = "updated_at";
    const auto where = conditions(db, any_order, plan, shortest(db, query, plan));
    return singleInteger(where.query(db, "SELECT count(*) FROM threads t" + where.where()));
}

std::vector<Thread> load(sql::Connection& db, const std::vector<std::int64_t>& page) {
    static const std::string text = selectThread() + " WHERE t.id = $1";
    std::vector<Thread> out;
    out.reserve(page.size());
    for (const auto id : page) {
        auto row = db.query(text, id);
        if (row.step()) out.push_back(readThread(row));
    }
    return out;
}

ThreadPage searchByScan(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    auto found = scan(db, plan, query);
    ThreadPage page;
    page.total = static_cast<std::int64_t>(found.size());
    paginate(found, query.offset, query.limit);
    page.threads = load(db, found);
    return page;
}

}  // namespace

ThreadPage searchThreads(sql::Connection& db, const ThreadQuery& query) {
    const Plan what = plan(db, query);
    if (what.metadata.impossible) return {};
    if (what.scans()) return searchByScan(db, what, query);
    auto where = conditions(db, query, what, firstFor(db, query, what));
    const std::string text = "SELECT t.id FROM threads t" + where.where() + orderBy(query) +
                             where.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
    ThreadPage page;
    page.threads = load(db, rowIds(where.query(db, text)));
    const auto known = totalAfter(page.threads.size(), query.offset, query.limit);
    page.total = known ? *known : count(db, what, query);
    return page;
}

std::int64_t countThreads(sql::Connection& db, const ThreadQuery& query) {
    return count(db, plan(db, query), query);
}

}  // namespace heddle::store
