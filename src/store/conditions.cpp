// SPDX-License-Identifier: Apache-2.0
#include "store/conditions.hpp"

namespace heddle::store {

void Conditions::append(std::string& out, std::string_view text, std::vector<Value> values) {
    std::size_t next = 0;
    for (const char c : text) {
        if (c != '?') {
            out += c;
            continue;
        }
        values_.push_back(std::move(values.at(next++)));
        out += '$' + std::to_string(values_.size());
    }
}

sql::Statement Conditions::query(sql::Connection& db, std::string_view sql) const {
    sql::Statement statement = db.prepare(sql);
    for (const Value& value : values_) {
        std::visit([&statement](const auto& bound) { statement.bind(bound); }, value);
    }
    return statement;
}

}  // namespace heddle::store
