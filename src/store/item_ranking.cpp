// SPDX-License-Identifier: Apache-2.0
#include "store/item_ranking.hpp"

#include "store/item_filter.hpp"
#include "store/item_rows.hpp"
#include "store/item_vectors.hpp"
#include "store/nearest_vectors.hpp"

#include <optional>
#include <unordered_set>
#include <utility>

namespace heddle::store {
namespace {

// The items of one search as they are found: skips the first ones, ends when there are enough.
class Page {
  public:
    explicit Page(const ItemQuery& query) : query_(query) {}

    [[nodiscard]] bool full() const { return place_ - query_.offset >= query_.limit; }
    void add(Item item) {
        if (!full() && place_++ >= query_.offset) items_.push_back(std::move(item));
    }
    std::vector<Item> take() { return std::move(items_); }

  private:
    const ItemQuery& query_;
    std::int64_t place_ = 0;
    std::vector<Item> items_;
};

// A living item of this id that passes the filter; nothing else.
std::optional<Item> findItem(sql::Connection& db, std::int64_t id, const ItemFilter& filter, Timestamp now) {
    auto row = db.query(HEDDLE_SELECT_ITEM " WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)", id,
                        now.micros());
    if (!row.step() || !filter.matches(JsonView::trusted(row.text(2)))) return std::nullopt;
    return readItem(row);
}

void addScored(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter, Timestamp now,
               std::size_t kept, Page& page) {
    NearestVectors nearest(db, *query.vector, vectorRanges(db, query.prefix), kept);
    // An item's other vectors are no better than the one it was judged by.
    std::unordered_set<std::int64_t> judged;
    std::unordered_set<std::int64_t> refused;
    const auto wanted = [&](std::int64_t item) {
        if (judged.contains(item) || refused.contains(item)) return false;
        if (filter.empty() || findItem(db, item, filter, now)) return true;
        refused.insert(item);
        return false;
    };
    while (!page.full()) {
        const auto best = nearest.next(wanted);
        if (!best) return;
        if (!judged.insert(best->item).second) continue;
        auto item = findItem(db, best->item, filter, now);
        if (!item) continue;
        item->score = best->score;
        page.add(*std::move(item));
    }
}

void addOthers(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter, Timestamp now,
               Page& page) {
    Conditions conditions;
    addPrefix(conditions, query.prefix);
    addAlive(conditions, now);
    conditions.add("(vector_dims IS NULL OR vector_dims <> ?)",
                   static_cast<std::int64_t>(query.vector->dims()));
    // Their ids are sorted, not their values, which may be large.
    auto rows = conditions.query(
        db, "SELECT id FROM items" + conditions.where() + " ORDER BY updated_at DESC, id DESC");
    while (!page.full() && rows.step()) {
        auto item = findItem(db, rows.integer(0), filter, now);
        if (item) page.add(*std::move(item));
    }
}

}  // namespace

Result<std::vector<Item>> rankItems(sql::Connection& db, const ItemQuery& query, Timestamp now,
                                    std::size_t kept) {
    const auto filter = ItemFilter::parse(query.filter);
    if (!filter) return filter.error();
    Page page(query);
    addScored(db, query, *filter, now, kept, page);
    if (!page.full()) addOthers(db, query, *filter, now, page);
    return page.take();
}

}  // namespace heddle::store
