// SPDX-License-Identifier: Apache-2.0
// The few words in which SQLite and PostgreSQL differ. Everything else in the repositories' SQL runs on both.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle::sql::dialect {

// Starts a transaction that writes.
[[nodiscard]] std::string_view beginWrite(Dialect dialect);
// At the end of a SELECT whose rows this transaction is going to change.
[[nodiscard]] std::string_view forUpdate(Dialect dialect);
// A FROM item with columns key and value (text), one row for each field of a JSON object of strings.
[[nodiscard]] std::string eachField(Dialect dialect, std::string_view json);
// A SELECT of the strings of a JSON array, for IN (…).
[[nodiscard]] std::string eachString(Dialect dialect, std::string_view json);
// LIKE that takes no notice of case (SQLite: of ASCII letters).
[[nodiscard]] std::string_view likeAnyCase(Dialect dialect);
// The bytes of a text.
[[nodiscard]] std::string byteLength(Dialect dialect, std::string_view text);
// Pages that reclaim() could give back now; 0 where the engine sees to it.
[[nodiscard]] std::int64_t freePages(Connection& connection);
// Gives free pages back to the file system, at most so many. Outside a transaction's hot path: sweeps.
void reclaim(Connection& connection, std::int64_t pages_max);

}  // namespace heddle::sql::dialect
