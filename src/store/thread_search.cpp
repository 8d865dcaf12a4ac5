// SPDX-License-Identifier: Apache-2.0
// Searching threads: by SQL where the indexes can answer, else the candidates' JSON is looked into one by
// one.
#include "sql/dialect.hpp"
#include "store/conditions.hpp"
#include "store/json_match.hpp"
#include "store/metadata_index.hpp"
#include "store/thread_rows.hpp"
#include "store/threads.hpp"
#include "store/value_bits.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace heddle::store {
namespace {

// Metadata keys that become conditions: a bound on the number of different texts.
constexpr std::size_t kIndexedKeys = 4;
// When more than one thread in so many has the rarest of the keys, a page is found sooner by walking along
// the order and looking each thread's keys up (measured: 100,000 threads of one graph, 53 ms against 0.02
// ms).
constexpr std::int64_t kWalkShare = 50;

struct Key {
    std::string name;
    std::string value;
    std::int64_t threads = 0;  // that have it
};

struct Plan {
    std::vector<Key> keys;        // by the index, the rarest first
    std::vector<JsonField> rest;  // by looking into the metadata
    bool by_values = false;
    std::int64_t value_bits = 0;  // that a thread must have before its values are looked into
    bool impossible = false;      // nobody has one of the keys

    [[nodiscard]] bool scans() const { return !rest.empty() || by_values; }
};

std::int64_t single(sql::Statement row) {
    return row.step() ? row.integer(0) : 0;
}

Plan plan(sql::Connection& db, const ThreadQuery& query) {
    Plan out;
    for (auto& field : query.metadata.view().fields()) {
        auto indexed = indexedField(field);
        const bool exact = indexed.complete && out.keys.size() + indexed.values.size() <= kIndexedKeys;
        // Where the index says only a part, that part still narrows the search.
        for (auto& [key, value] : indexed.values) {
            if (out.keys.size() == kIndexedKeys) break;
            const auto threads = single(
                db.query("SELECT count(*) FROM thread_metadata WHERE key = $1 AND value = $2", key, value));
            out.impossible = out.impossible || threads == 0;
            out.keys.push_back({std::move(key), std::move(value), threads});
        }
        if (!exact) out.rest.push_back(std::move(field));
    }
    std::stable_sort(out.keys.begin(), out.keys.end(),
                     [](const Key& a, const Key& b) { return a.threads < b.threads; });
    out.by_values = !query.values.view().fields().empty();
    out.value_bits = wantedBits(query.values.view());
    return out;
}

std::int64_t threadsWith(sql::Connection& db, ThreadStatus status) {
    return single(
        db.query("SELECT count(*) FROM threads WHERE status = $1 AND temporary = 0", toString(status)));
}

// How the first key is looked up: as the list of its threads, or thread by thread.
enum class First { kList, kLookUp };

// Sorting by it is walking along an index.
bool isIndexed(std::string_view sort_by) {
    return sort_by != "thread_id";
}

Conditions conditions(sql::Connection& db, const ThreadQuery& query, const Plan& plan, First first) {
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
    for (const Key& key : plan.keys) {
        const bool list = first == First::kList && &key == plan.keys.data();
        out.add(list ? "t.id IN (SELECT m.thread FROM thread_metadata m WHERE m.key = ? AND m.value = ?)"
                     : "EXISTS (SELECT 1 FROM thread_metadata m WHERE m.thread = t.id AND m.key = ? AND "
                       "m.value = ?)",
                key.name, key.value);
    }
    if (plan.value_bits != 0) {
        // With nothing else to begin with, the list comes from the index that has the bits.
        const bool alone =
            plan.keys.empty() && query.ids.empty() && !query.status && query.sort_by != "updated_at";
        out.add(alone
                    ? "t.id IN (SELECT v.id FROM threads v WHERE v.temporary = 0 AND (v.value_bits & ?) = ?)"
                    : "(t.value_bits & ?) = ?",
                plan.value_bits, plan.value_bits);
    }
    return out;
}

// Is the list of the first key's threads the shortest list to begin with?
First shortest(sql::Connection& db, const ThreadQuery& query, const Plan& plan) {
    if (!query.ids.empty()) return First::kLookUp;
    if (plan.keys.empty() || !query.status) return First::kList;
    return plan.keys.front().threads > threadsWith(db, *query.status) ? First::kLookUp : First::kList;
}

First firstFor(sql::Connection& db, const ThreadQuery& query, const Plan& plan) {
    const First first = shortest(db, query, plan);
    if (first == First::kLookUp || plan.keys.empty() || !isIndexed(query.sort_by)) return first;
    const auto all = single(db.query("SELECT max(id) FROM threads"));
    return plan.keys.front().threads * kWalkShare > all ? First::kLookUp : First::kList;
}

std::string orderBy(const ThreadQuery& query) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColumns = {{
        {"thread_id", "t.uuid"},
        {"status", "t.status"},  // and then by updated_at, as the index is
        {"created_at", "t.created_at"},
        {"updated_at", "t.updated_at"},
        {"state_updated_at", "t.state_updated_at"},
    }};
    const auto* const column = std::find_if(kColumns.begin(), kColumns.end(),
                                            [&query](const auto& c) { return c.first == query.sort_by; });
    if (column == kColumns.end()) throw std::logic_error("threads cannot be sorted by " + query.sort_by);
    const std::string direction = query.order == SortOrder::kAscending ? " ASC" : " DESC";
    const std::string then = query.sort_by == "status" ? ", t.updated_at" + direction : "";
    return " ORDER BY " + std::string(column->second) + direction + then + ", t.id" + direction;
}

std::vector<std::int64_t> ids(sql::Statement rows) {
    std::vector<std::int64_t> out;
    while (rows.step()) out.push_back(rows.integer(0));
    return out;
}

bool matches(sql::Connection& db, std::int64_t id, const Plan& plan, const ThreadQuery& query) {
    if (!plan.rest.empty()) {
        auto row = db.query("SELECT metadata FROM threads WHERE id = $1", id);
        if (!row.step()) return false;
        const auto metadata = JsonView::trusted(row.text(0));
        const bool found =
            std::all_of(plan.rest.begin(), plan.rest.end(), [metadata](const JsonField& field) {
                const auto value = metadata.get(field.key);
                return value && containsJson(*value, field.value);
            });
        if (!found) return false;
    }
    if (!plan.by_values) return true;
    auto row = db.query("SELECT state_values FROM thread_states WHERE thread = $1", id);
    return row.step() && containsJson(JsonView::trusted(row.text(0)), query.values.view());
}

std::vector<std::int64_t> scan(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    const auto where = conditions(db, query, plan, shortest(db, query, plan));
    const std::string text = "SELECT t.id FROM threads t" + where.where() + orderBy(query);
    auto found = ids(where.query(db, text));
    std::erase_if(found, [&](std::int64_t id) { return !matches(db, id, plan, query); });
    return found;
}

std::int64_t count(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    if (plan.impossible) return 0;
    if (plan.scans()) return static_cast<std::int64_t>(scan(db, plan, query).size());
    // Only threads that can be found are in the side table.
    if (plan.keys.size() == 1 && query.ids.empty() && !query.status) return plan.keys.front().threads;
    ThreadQuery any_order = query;
    any_order.sort_by = "updated_at";
    const auto where = conditions(db, any_order, plan, shortest(db, query, plan));
    return single(where.query(db, "SELECT count(*) FROM threads t" + where.where()));
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
    const auto begin = std::clamp<std::int64_t>(query.offset, 0, page.total);
    const auto end = begin + std::clamp<std::int64_t>(query.limit, 0, page.total - begin);
    found.resize(static_cast<std::size_t>(end));
    found.erase(found.begin(), found.begin() + begin);
    page.threads = load(db, found);
    return page;
}

}  // namespace

ThreadPage searchThreads(sql::Connection& db, const ThreadQuery& query) {
    const Plan what = plan(db, query);
    if (what.impossible) return {};
    if (what.scans()) return searchByScan(db, what, query);
    auto where = conditions(db, query, what, firstFor(db, query, what));
    const std::string text = "SELECT t.id FROM threads t" + where.where() + orderBy(query) +
                             where.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
    ThreadPage page;
    page.threads = load(db, ids(where.query(db, text)));
    // A page that is not full is the last one.
    const auto size = static_cast<std::int64_t>(page.threads.size());
    const bool last = size < query.limit && (size > 0 || query.offset == 0);
    page.total = last ? query.offset + size : count(db, what, query);
    return page;
}

std::int64_t countThreads(sql::Connection& db, const ThreadQuery& query) {
    return count(db, plan(db, query), query);
}

}  // namespace heddle::store
