// SPDX-License-Identifier: Apache-2.0
#include "store/item_vectors.hpp"

#include "domain/vector_sketch.hpp"
#include "store/conditions.hpp"
#include "store/item_rows.hpp"

#include <string>

namespace heddle::store {
namespace {

constexpr unsigned kNumberBits = 32;

// The id of a namespace that has vectors, or is about to have some.
std::int64_t namespaceId(sql::Connection& db, std::string_view ns) {
    {
        auto row = db.query("SELECT id FROM vector_namespaces WHERE ns = $1", ns);
        if (row.step()) return row.integer(0);
    }
    auto row = db.query("INSERT INTO vector_namespaces (ns) VALUES ($1) RETURNING id", ns);
    row.step();
    const auto id = row.integer(0);
    row.run();
    return id;
}

VectorRange rangeOf(std::int64_t ns_id) {
    return {ns_id << kNumberBits, (ns_id + 1) << kNumberBits};
}

std::int64_t nextId(sql::Connection& db, VectorRange range) {
    auto row =
        db.query("SELECT max(id) FROM item_vectors WHERE id >= $1 AND id < $2", range.first, range.end);
    row.step();
    return row.isNull(0) ? range.first : row.integer(0) + 1;
}

}  // namespace

void replaceVectors(sql::Connection& db, std::int64_t item, std::string_view ns,
                    std::span<const Vector> vectors) {
    db.run("DELETE FROM item_vectors WHERE item = $1", item);
    if (vectors.empty()) return;
    std::int64_t id = nextId(db, rangeOf(namespaceId(db, ns)));
    for (const Vector& vector : vectors) {
        const std::string sketch = sketchOf(vector);
        db.run("INSERT INTO item_vectors (id, item, sketch) VALUES ($1, $2, $3)", id, item,
               sql::Blob{sketch});
        db.run("INSERT INTO vector_values (id, vector) VALUES ($1, $2)", id, sql::Blob{vector.bytes()});
        ++id;
    }
}

std::vector<VectorRange> vectorRanges(sql::Connection& db, const Namespace& prefix) {
    Conditions conditions;
    addPrefix(conditions, prefix);
    auto rows =
        conditions.query(db, "SELECT id FROM vector_namespaces" + conditions.where() + " ORDER BY id");
    std::vector<VectorRange> ranges;
    while (rows.step()) {
        const VectorRange range = rangeOf(rows.integer(0));
        if (!ranges.empty() && ranges.back().end == range.first) {
            ranges.back().end = range.end;
        } else {
            ranges.push_back(range);
        }
    }
    return ranges;
}

}  // namespace heddle::store
