// SPDX-License-Identifier: Apache-2.0
// Searching threads: by SQL where the indexes can answer, else the candidates' JSON is looked into one by
// one.
#include "sql/dialect.hpp"
#include "store/conditions.hpp"
#include "store/json_match.hpp"
#include "store/metadata_index.hpp"
#include "store/thread_rows.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace heddle::store {
namespace {

// Metadata keys that become conditions: a bound on the number of different texts.
constexpr std::size_t kIndexedKeys = 4;

struct Plan {
    Conditions conditions;
    std::vector<JsonField> metadata;  // what the index cannot answer
    bool by_values = false;

    [[nodiscard]] bool scans() const { return !metadata.empty() || by_values; }
};

Plan plan(sql::Connection& db, const ThreadQuery& query) {
    Plan out;
    out.conditions.add("t.temporary = 0");
    if (!query.ids.empty()) {
        JsonWriter ids;
        ids.beginArray();
        for (const auto& id : query.ids) ids.string(id.str());
        ids.endArray();
        out.conditions.add("t.uuid IN (" + sql::dialect::eachString(db.dialect(), "?") + ")", ids.take());
    }
    if (query.status) out.conditions.add("t.status = ?", std::string(toString(*query.status)));
    std::size_t indexed = 0;
    for (auto& field : query.metadata.view().fields()) {
        auto value = indexed < kIndexedKeys ? indexedValue(field) : std::nullopt;
        if (!value) {
            out.metadata.push_back(std::move(field));
            continue;
        }
        ++indexed;
        out.conditions.add("t.id IN (SELECT m.thread FROM thread_metadata m WHERE m.key = ? AND m.value = ?)",
                           std::move(field.key), *std::move(value));
    }
    out.by_values = !query.values.view().fields().empty();
    return out;
}

std::string orderBy(const ThreadQuery& query) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColumns = {{
        {"thread_id", "t.uuid"},
        {"status", "t.status"},
        {"created_at", "t.created_at"},
        {"updated_at", "t.updated_at"},
        {"state_updated_at", "t.state_updated_at"},
    }};
    const auto* const column = std::find_if(kColumns.begin(), kColumns.end(),
                                            [&query](const auto& c) { return c.first == query.sort_by; });
    if (column == kColumns.end()) throw std::logic_error("threads cannot be sorted by " + query.sort_by);
    const std::string direction = query.order == SortOrder::kAscending ? " ASC" : " DESC";
    return " ORDER BY " + std::string(column->second) + direction + ", t.id" + direction;
}

std::vector<std::int64_t> ids(sql::Statement rows) {
    std::vector<std::int64_t> out;
    while (rows.step()) out.push_back(rows.integer(0));
    return out;
}

bool matches(sql::Connection& db, std::int64_t id, const Plan& plan, const ThreadQuery& query) {
    auto row = db.query(
        "SELECT t.metadata, s.state_values FROM threads t LEFT JOIN thread_states s ON s.thread = t.id"
        " WHERE t.id = $1",
        id);
    if (!row.step()) return false;
    const auto metadata = JsonView::trusted(row.text(0));
    const bool found =
        std::all_of(plan.metadata.begin(), plan.metadata.end(), [metadata](const JsonField& field) {
            const auto value = metadata.get(field.key);
            return value && containsJson(*value, field.value);
        });
    if (!found || !plan.by_values) return found;
    return !row.isNull(1) && containsJson(JsonView::trusted(row.text(1)), query.values.view());
}

std::vector<std::int64_t> scan(sql::Connection& db, const Plan& plan, const ThreadQuery& query) {
    const std::string text = "SELECT t.id FROM threads t" + plan.conditions.where() + orderBy(query);
    auto found = ids(plan.conditions.query(db, text));
    std::erase_if(found, [&](std::int64_t id) { return !matches(db, id, plan, query); });
    return found;
}

std::int64_t count(sql::Connection& db, const Plan& plan) {
    auto row = plan.conditions.query(db, "SELECT count(*) FROM threads t" + plan.conditions.where());
    row.step();
    return row.integer(0);
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
    Plan what = plan(db, query);
    if (what.scans()) return searchByScan(db, what, query);
    const Plan all = what;
    const std::string text = "SELECT t.id FROM threads t" + what.conditions.where() + orderBy(query) +
                             what.conditions.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
    ThreadPage page;
    page.threads = load(db, ids(what.conditions.query(db, text)));
    // A page that is not full is the last one.
    const auto size = static_cast<std::int64_t>(page.threads.size());
    const bool last = size < query.limit && (size > 0 || query.offset == 0);
    page.total = last ? query.offset + size : count(db, all);
    return page;
}

std::int64_t countThreads(sql::Connection& db, const ThreadQuery& query) {
    const Plan what = plan(db, query);
    if (what.scans()) return static_cast<std::int64_t>(scan(db, what, query).size());
    return count(db, what);
}

}  // namespace heddle::store
