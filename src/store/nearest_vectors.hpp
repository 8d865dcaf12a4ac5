// SPDX-License-Identifier: Apache-2.0
// The vectors below a namespace prefix, nearest first, read only as far as they are asked for. Internal to
// store.
#pragma once

#include "domain/vector_sketch.hpp"
#include "sql/connection.hpp"
#include "store/item_vectors.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

namespace heddle::store {

// What a vector can be worth at most, by its sketch.
struct VectorBound {
    std::int64_t id = 0;
    std::int64_t item = 0;
    float most = 0;

    friend bool operator<(const VectorBound& a, const VectorBound& b) {
        return std::tie(a.most, a.id) < std::tie(b.most, b.id);
    }
};

// The best of the bounds that were added, at most `kept` of them (twice that on the way).
class BestBounds {
  public:
    // Only what is less than `ceiling` counts.
    BestBounds(std::size_t kept, std::optional<VectorBound> ceiling);

    void add(const VectorBound& bound);
    // After the last add(), before the others.
    void close();
    [[nodiscard]] bool empty() const { return bounds_.empty(); }
    [[nodiscard]] const VectorBound& top() const { return bounds_.front(); }
    VectorBound pop();
    // The least one that was remembered, when others were not.
    [[nodiscard]] const std::optional<VectorBound>& floor() const { return floor_; }

  private:
    void cut();

    std::size_t kept_;
    std::optional<VectorBound> ceiling_;
    std::optional<VectorBound> floor_;
    std::vector<VectorBound> bounds_;
};

// One pass over the sketches gives bounds. A vector itself is read when its bound is the best that is left,
// and handed out when no bound that is left exceeds its score.
class NearestVectors {
  public:
    struct Scored {
        std::int64_t item = 0;
        float score = 0;

        friend bool operator<(const Scored& a, const Scored& b) {
            return std::tie(a.score, a.item) < std::tie(b.score, b.item);
        }
    };
    // Whether an item's vectors are of interest; asked before one of them is read.
    using Wanted = std::function<bool(std::int64_t item)>;

    // `db` and `vector` must outlive it.
    NearestVectors(sql::Connection& db, const Vector& vector, std::vector<VectorRange> ranges,
                   std::size_t kept);

    // The next one by descending score.
    std::optional<Scored> next(const Wanted& wanted);

  private:
    void scan(std::optional<VectorBound> ceiling);
    void read(const VectorBound& bound);

    sql::Connection& db_;
    const Vector& vector_;
    SketchQuery sketch_;
    std::vector<VectorRange> ranges_;
    std::size_t kept_;
    BestBounds bounds_;
    std::priority_queue<Scored> read_;
};

}  // namespace heddle::store
