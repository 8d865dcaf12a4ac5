// SPDX-License-Identifier: Apache-2.0
// The part of the schema for searches by meaning. Internal to store.
#pragma once

#include <string_view>

namespace heddle::store {

// A vector's id is (id of its namespace << 32) + n: those of a namespace lie side by side, and a search reads
// them in one go without looking anything up. item_vectors.hpp
inline constexpr std::string_view kSqliteItemVectors = R"sql(
-- How many numbers the vectors of the item have; NULL: it has none.
ALTER TABLE items ADD COLUMN vector_dims INTEGER;
CREATE TABLE vector_namespaces (
    id INTEGER PRIMARY KEY,
    ns TEXT NOT NULL UNIQUE
);
CREATE TABLE item_vectors (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    sketch BLOB NOT NULL
);
CREATE INDEX item_vectors_of_item ON item_vectors (item);
-- Apart: a search goes through all sketches and reads few vectors.
CREATE TABLE vector_values (
    id INTEGER PRIMARY KEY REFERENCES item_vectors (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE TRIGGER item_vectors_gone AFTER DELETE ON item_vectors
BEGIN
    DELETE FROM vector_namespaces WHERE id = OLD.id >> 32 AND NOT EXISTS (
        SELECT 1 FROM item_vectors WHERE id >= OLD.id >> 32 << 32 AND id < ((OLD.id >> 32) + 1) << 32);
END;
)sql";

}  // namespace heddle::store
