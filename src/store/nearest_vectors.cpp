// SPDX-License-Identifier: Apache-2.0
#include "store/nearest_vectors.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heddle::store {

BestBounds::BestBounds(std::size_t kept, std::optional<VectorBound> ceiling)
    : kept_(kept), ceiling_(ceiling) {}

void BestBounds::add(const VectorBound& bound) {
    if (floor_ && bound < *floor_) return;
    if (ceiling_ && !(bound < *ceiling_)) return;
    bounds_.push_back(bound);
    if (bounds_.size() >= 2 * kept_) cut();
}

void BestBounds::close() {
    if (bounds_.size() > kept_) cut();
    std::make_heap(bounds_.begin(), bounds_.end());
}

VectorBound BestBounds::pop() {
    std::pop_heap(bounds_.begin(), bounds_.end());
    const VectorBound best = bounds_.back();
    bounds_.pop_back();
    return best;
}

void BestBounds::cut() {
    const auto last = bounds_.begin() + static_cast<std::ptrdiff_t>(kept_) - 1;
    std::nth_element(bounds_.begin(), last, bounds_.end(),
                     [](const auto& a, const auto& b) { return b < a; });
    floor_ = *last;
    bounds_.resize(kept_);
}

NearestVectors::NearestVectors(sql::Connection& db, const Vector& vector, std::vector<VectorRange> ranges,
                               std::size_t kept)
    : db_(db), vector_(vector), sketch_(vector), ranges_(std::move(ranges)), kept_(kept), bounds_(kept, {}) {
    scan({});
}

std::optional<NearestVectors::Scored> NearestVectors::next(const Wanted& wanted) {
    while (true) {
        if (bounds_.empty() && bounds_.floor()) {
            scan(bounds_.floor());
        } else if (!bounds_.empty() && (read_.empty() || bounds_.top().most >= read_.top().score)) {
            const VectorBound bound = bounds_.pop();
            if (wanted(bound.item)) read(bound);
        } else if (read_.empty()) {
            return std::nullopt;
        } else {
            const Scored best = read_.top();
            read_.pop();
            return best;
        }
    }
}

void NearestVectors::scan(std::optional<VectorBound> ceiling) {
    BestBounds best(kept_, ceiling);
    const std::size_t size = sketch_.sketchSize();
    for (const VectorRange& range : ranges_) {
        auto rows = db_.query("SELECT id, item, sketch FROM item_vectors WHERE id >= $1 AND id < $2",
                              range.first, range.end);
        while (rows.step()) {
            const std::string_view sketch = rows.blob(2);
            if (sketch.size() != size) continue;  // of another number of dimensions
            best.add({rows.integer(0), rows.integer(1), sketch_.most(sketch)});
        }
    }
    best.close();
    bounds_ = std::move(best);
}

void NearestVectors::read(const VectorBound& bound) {
    auto row = db_.query("SELECT vector FROM vector_values WHERE id = $1", bound.id);
    if (!row.step() || row.blob(0).size() != vector_.bytes().size()) {
        throw std::runtime_error("damaged row: a vector");
    }
    read_.push({bound.item, vector_.cosine(row.blob(0))});
}

}  // namespace heddle::store
