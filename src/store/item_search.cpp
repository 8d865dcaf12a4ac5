// SPDX-License-Identifier: Apache-2.0
// Searching items, the newest first: along an index that also has their namespaces and a sketch of their
// values, so that few values are looked into; or, below a narrow prefix, among its items alone.
#include "store/item_filter.hpp"
#include "store/item_ranking.hpp"
#include "store/item_rows.hpp"
#include "store/items.hpp"
#include "store/namespaces.hpp"
#include "store/page.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace heddle::store {
namespace {

// A prefix with at most one in so many of all items is narrow: sorting them costs less than walking past the
// others.
constexpr std::int64_t kNarrowShare = 50;
// Values are fetched one by one along the order as long as the page will be full before this share of all
// items has been looked at; else it is quicker to read the whole table in its own order (measured: 100,000
// items, 0.50 against 0.31 µs an item).
constexpr double kWalkShareMost = 0.6;
constexpr std::int64_t kFirstGuess = 2'000;  // items that are looked at before the first guess

// Whether walking on will find enough soon, from what it found until here.
class Outlook {
  public:
    Outlook(std::int64_t all, double wanted) : all_(all), wanted_(wanted) {}

    [[nodiscard]] bool good(std::int64_t looked_at, std::int64_t found) {
        if (looked_at < next_guess_) return true;
        next_guess_ *= 2;
        const double share = static_cast<double>(looked_at) / static_cast<double>(all_);
        return share * wanted_ <= kWalkShareMost * static_cast<double>(found);
    }

  private:
    std::int64_t all_;
    double wanted_;
    std::int64_t next_guess_ = kFirstGuess;
};

bool isNarrow(sql::Connection& db, const Namespace& prefix, std::int64_t all) {
    if (prefix.empty()) return false;
    const auto most = all / kNarrowShare;
    const auto found = singleInteger(
        db.query("SELECT count(*) FROM (SELECT 1 FROM items WHERE ns >= $1 AND ns < $2 LIMIT $3) AS some",
                 encodeNamespace(prefix), afterNamespace(prefix), most + 1));
    return found <= most;
}

// As addPrefix(); the pluses keep SQLite from taking the namespaces' index, so that another order holds.
void addPrefixInOrder(Conditions& conditions, const Namespace& prefix) {
    if (prefix.empty()) return;
    conditions.add("+ns >= ? AND +ns < ?", encodeNamespace(prefix), afterNamespace(prefix));
}

// SELECT of `columns`, newest first.
std::pair<Conditions, std::string> newestFirst(const ItemQuery& query, bool narrow, std::string_view columns,
                                               std::int64_t bits, Timestamp now) {
    Conditions conditions;
    if (narrow) {
        addPrefix(conditions, query.prefix);
    } else {
        addPrefixInOrder(conditions, query.prefix);
    }
    if (bits != 0) conditions.add("(value_bits & ?) = ?", bits, bits);
    addAlive(conditions, now);
    std::string text = "SELECT " + std::string(columns) + " FROM items" + conditions.where();
    text += narrow ? " ORDER BY +updated_at DESC, id DESC" : " ORDER BY updated_at DESC, id DESC";
    return {std::move(conditions), std::move(text)};
}

// Not narrow, and the index does not say which values to look into: every item is looked at where it lies.
std::vector<std::int64_t> findInAll(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter,
                                    Timestamp now) {
    Conditions conditions;
    addPrefixInOrder(conditions, query.prefix);
    addAlive(conditions, now);
    auto rows = conditions.query(db, "SELECT id, updated_at, value FROM items" + conditions.where());
    std::vector<std::pair<std::int64_t, std::int64_t>> found;
    while (rows.step()) {
        if (filter.matches(JsonView::trusted(rows.text(2))))
            found.emplace_back(rows.integer(1), rows.integer(0));
    }
    std::sort(found.begin(), found.end(), std::greater<>());
    paginate(found, query.offset, query.limit);
    std::vector<std::int64_t> ids;
    for (const auto& [updated_at, id] : found) ids.push_back(id);
    return ids;
}

// The ids of the page.
std::vector<std::int64_t> find(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter,
                               Timestamp now) {
    const auto all = singleInteger(db.query("SELECT max(id) FROM items"));
    const bool narrow = isNarrow(db, query.prefix, all);
    if (filter.empty()) {
        auto [conditions, text] = newestFirst(query, narrow, "id", 0, now);
        text += conditions.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
        return rowIds(conditions.query(db, text));
    }
    const auto bits = filter.bits();
    const auto [conditions, text] = newestFirst(query, narrow, "id, value", bits, now);
    auto rows = conditions.query(db, text);
    std::vector<std::int64_t> found;
    Outlook outlook(all, static_cast<double>(query.offset) + static_cast<double>(query.limit));
    std::int64_t place = 0, looked_at = 0;
    while (place - query.offset < query.limit && rows.step()) {
        const bool other_way = !narrow && bits == 0;
        if (other_way && !outlook.good(++looked_at, place)) return findInAll(db, query, filter, now);
        if (!filter.matches(JsonView::trusted(rows.text(1)))) continue;
        if (place++ >= query.offset) found.push_back(rows.integer(0));
    }
    return found;
}

}  // namespace

Result<std::vector<Item>> searchItems(sql::Connection& db, const ItemQuery& query, Timestamp now) {
    if (query.vector) return rankItems(db, query, now);
    const auto filter = ItemFilter::parse(query.filter);
    if (!filter) return filter.error();
    std::vector<Item> out;
    for (const auto id : find(db, query, *filter, now)) {
        auto row = db.query(HEDDLE_SELECT_ITEM " WHERE id = $1", id);
        if (row.step()) out.push_back(readItem(row));
    }
    return out;
}

}  // namespace heddle::store
