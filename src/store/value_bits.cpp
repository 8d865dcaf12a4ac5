// SPDX-License-Identifier: Apache-2.0
#include "store/value_bits.hpp"

#include "store/json_match.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::store {
namespace {

constexpr std::uint64_t kAll = 0x7fff'ffff'ffff'ffffULL;  // SQLite's integers are signed
constexpr unsigned kBits = 63;
constexpr int kBitsEach = 3;
constexpr std::size_t kScalarChars = 256;
// Of values with more scalars nothing is known: their bits would say little, and cost time.
constexpr std::size_t kScalarsMost = 64;

// FNV-1a: the same on every machine.
std::uint64_t hashOf(std::string_view key, std::string_view value) {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325ULL;
    const auto add = [&hash](char c) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x0000'0100'0000'01b3ULL;
    };
    for (const char c : key) add(c);
    add('\0');
    for (const char c : value) add(c);
    return hash;
}

std::uint64_t bitsOf(std::string_view key, JsonView value) {
    // An escape is at most six times as long as what it stands for. Numbers may be written at any length.
    const bool number = value.type() == JsonType::kNumber;
    if (!number && value.text().size() > 6 * kScalarChars) return 0;
    const auto canonical = canonicalScalar(value);
    if (!canonical || canonical->size() > kScalarChars) return 0;
    std::uint64_t hash = hashOf(key, *canonical);
    std::uint64_t bits = 0;
    for (int i = 0; i < kBitsEach; ++i) {
        bits |= 1ULL << (hash % kBits);
        hash /= kBits;
    }
    return bits;
}

// `select`: id and JSON of every row; `update`: sets the bits ($1) of an id ($2).
void rebuild(sql::Connection& db, std::string_view select, std::string_view update) {
    std::vector<std::pair<std::int64_t, std::int64_t>> found;
    {
        auto rows = db.query(select);
        while (rows.step()) found.emplace_back(rows.integer(0), valueBits(JsonView::trusted(rows.text(1))));
    }
    for (const auto& [id, bits] : found) db.run(update, bits, id);
}

}  // namespace

std::int64_t valueBits(JsonView values) {
    std::uint64_t bits = 0;
    std::size_t scalars = 0;
    for (const auto& field : values.fields()) {
        const auto more = bitsOf(field.key, field.value);
        if (more != 0 && ++scalars > kScalarsMost) return static_cast<std::int64_t>(kAll);
        bits |= more;
    }
    return static_cast<std::int64_t>(bits);
}

std::int64_t wantedBits(JsonView part) {
    std::uint64_t bits = 0;
    for (const auto& field : part.fields()) bits |= bitsOf(field.key, field.value);
    return static_cast<std::int64_t>(bits);
}

std::int64_t scalarBits(std::string_view key, JsonView value) {
    return static_cast<std::int64_t>(bitsOf(key, value));
}

void rebuildValueBits(sql::Connection& db) {
    rebuild(db, "SELECT thread, state_values FROM thread_states",
            "UPDATE threads SET value_bits = $1 WHERE id = $2");
}

void rebuildItemBits(sql::Connection& db) {
    rebuild(db, "SELECT id, value FROM items", "UPDATE items SET value_bits = $1 WHERE id = $2");
}

}  // namespace heddle::store
