// SPDX-License-Identifier: Apache-2.0
// Column values from and to domain values. Internal to store.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::store {

inline Timestamp timeAt(const sql::Statement& row, int column) {
    return Timestamp::fromMicros(row.integer(column));
}

inline std::optional<Timestamp> optionalTimeAt(const sql::Statement& row, int column) {
    return row.isNull(column) ? std::nullopt : std::optional<Timestamp>(timeAt(row, column));
}

inline std::optional<std::int64_t> micros(std::optional<Timestamp> time) {
    return time ? std::optional<std::int64_t>(time->micros()) : std::nullopt;
}

inline RawJson jsonAt(const sql::Statement& row, int column) {
    return RawJson::trusted(row.string(column));
}

// The first row's first column: a count, a maximum. 0 without a row, and for NULL.
inline std::int64_t singleInteger(sql::Statement row) {
    return row.step() ? row.integer(0) : 0;
}

// Throws std::runtime_error for a damaged row, as all of these do.
template <class IdType>
IdType idAt(const sql::Statement& row, int column) {
    const auto id = IdType::parse(row.text(column));
    if (!id) throw std::runtime_error("damaged row: not a UUID");
    return *id;
}

template <class Enum>
Enum enumAt(const sql::Statement& row, int column, std::optional<Enum> (*parse)(std::string_view)) {
    const auto value = parse(row.text(column));
    if (!value) throw std::runtime_error("damaged row: unknown " + row.string(column));
    return *value;
}

}  // namespace heddle::store
