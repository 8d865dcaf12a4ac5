// SPDX-License-Identifier: Apache-2.0
#include "store/item_ranking.hpp"

#include "store/item_filter.hpp"
#include "store/item_rows.hpp"
#include "store/item_vectors.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace heddle::store {
namespace {

struct Candidate {
    std::int64_t item = 0;
    float score = 0;

    friend bool operator<(const Candidate& a, const Candidate& b) {
        return std::tie(a.score, a.item) < std::tie(b.score, b.item);
    }
};

// The best of the candidates that were added, at most `kept` of them (twice that on the way).
class Best {
  public:
    // Only what is worse than `ceiling` counts.
    Best(std::size_t kept, std::optional<Candidate> ceiling) : kept_(kept), ceiling_(ceiling) {}

    void add(const Candidate& candidate) {
        if (floor_ && candidate < *floor_) return;
        if (ceiling_ && !(candidate < *ceiling_)) return;
        candidates_.push_back(candidate);
        if (candidates_.size() >= 2 * kept_) cut();
    }
    // Ready for next().
    void close() {
        if (candidates_.size() > kept_) cut();
        std::make_heap(candidates_.begin(), candidates_.end());
    }
    // The best one that is left.
    std::optional<Candidate> next() {
        if (candidates_.empty()) return std::nullopt;
        std::pop_heap(candidates_.begin(), candidates_.end());
        const Candidate best = candidates_.back();
        candidates_.pop_back();
        return best;
    }
    // The worst one that was remembered, when others were not.
    [[nodiscard]] const std::optional<Candidate>& floor() const { return floor_; }

  private:
    void cut() {
        const auto last = candidates_.begin() + static_cast<std::ptrdiff_t>(kept_) - 1;
        const auto better = [](const Candidate& a, const Candidate& b) { return b < a; };
        std::nth_element(candidates_.begin(), last, candidates_.end(), better);
        floor_ = *last;
        candidates_.resize(kept_);
    }

    std::size_t kept_;
    std::optional<Candidate> ceiling_;
    std::optional<Candidate> floor_;
    std::vector<Candidate> candidates_;
};

// The items of one search as they are found: skips the first ones, ends when there are enough.
class Page {
  public:
    explicit Page(const ItemQuery& query) : query_(query) {}

    [[nodiscard]] bool full() const { return place_ - query_.offset >= query_.limit; }
    template <class Make>
    void add(Make make) {
        if (!full() && place_++ >= query_.offset) items_.push_back(make());
    }
    std::vector<Item> take() { return std::move(items_); }

  private:
    const ItemQuery& query_;
    std::int64_t place_ = 0;
    std::vector<Item> items_;
};

Best scan(sql::Connection& db, const std::vector<VectorRange>& ranges, const Vector& vector, Best best) {
    const std::size_t size = vector.bytes().size();
    for (const VectorRange& range : ranges) {
        auto rows = db.query("SELECT item, vector FROM item_vectors WHERE id >= $1 AND id < $2", range.first,
                             range.end);
        while (rows.step()) {
            const std::string_view bytes = rows.blob(1);
            if (bytes.size() != size) continue;
            best.add({rows.integer(0), vector.cosine(bytes)});
        }
    }
    best.close();
    return best;
}

void addScored(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter, Timestamp now,
               std::size_t kept, Page& page) {
    const auto ranges = vectorRanges(db, query.prefix);
    std::unordered_set<std::int64_t> seen;
    std::optional<Candidate> ceiling;
    do {
        Best best = scan(db, ranges, *query.vector, Best(kept, ceiling));
        ceiling = best.floor();
        while (!page.full()) {
            const auto candidate = best.next();
            if (!candidate) break;
            // An item's other vectors are no better.
            if (!seen.insert(candidate->item).second) continue;
            auto row =
                db.query(HEDDLE_SELECT_ITEM " WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)",
                         candidate->item, now.micros());
            if (!row.step() || !filter.matches(JsonView::trusted(row.text(2)))) continue;
            page.add([&] {
                Item item = readItem(row);
                item.score = candidate->score;
                return item;
            });
        }
    } while (ceiling && !page.full());
}

void addOthers(sql::Connection& db, const ItemQuery& query, const ItemFilter& filter, Timestamp now,
               Page& page) {
    Conditions conditions;
    addPrefix(conditions, query.prefix);
    addAlive(conditions, now);
    conditions.add("(vector_dims IS NULL OR vector_dims <> ?)",
                   static_cast<std::int64_t>(query.vector->dims()));
    auto rows =
        conditions.query(db, HEDDLE_SELECT_ITEM + conditions.where() + " ORDER BY updated_at DESC, id DESC");
    while (!page.full() && rows.step()) {
        if (filter.matches(JsonView::trusted(rows.text(2)))) page.add([&] { return readItem(rows); });
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
