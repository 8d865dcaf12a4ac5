// SPDX-License-Identifier: Apache-2.0
// Puts a WHERE clause together and binds what it needs. Internal to store.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::store {

// The texts must come from a small set (statements are cached by text): values go into parameters.
class Conditions {
  public:
    using Value = std::variant<std::int64_t, std::string>;

    // A condition; each `?` in it becomes the placeholder of the next value.
    template <class... Values>
    void add(std::string_view condition, Values&&... values) {
        where_ += where_.empty() ? " WHERE " : " AND ";
        append(where_, condition, {Value(std::forward<Values>(values))...});
    }
    // Text with placeholders for after the conditions (ORDER BY, LIMIT).
    template <class... Values>
    [[nodiscard]] std::string tail(std::string_view text, Values&&... values) {
        std::string out;
        append(out, text, {Value(std::forward<Values>(values))...});
        return out;
    }

    [[nodiscard]] const std::string& where() const { return where_; }
    // `sql` has the placeholders in the order in which they were added.
    [[nodiscard]] sql::Statement query(sql::Connection& db, std::string_view sql) const;

  private:
    void append(std::string& out, std::string_view text, std::vector<Value> values);

    std::string where_;
    std::vector<Value> values_;
};

}  // namespace heddle::store
