// SPDX-License-Identifier: Apache-2.0
// Searches of the store against a model that looks at every item and knows nothing of SQL, JSON text or
// indexes.
#include "store/harness.hpp"
#include "store/items.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <variant>

namespace heddle::test {
namespace {

using sql::Connection;
using store::ItemQuery;

// A value of a field; monostate is null.
using Scalar = std::variant<std::monostate, bool, double, std::string>;
using Fields = std::map<std::string, Scalar>;

struct ModelItem {
    Fields fields;
    std::int64_t updated = 0;
    std::optional<std::int64_t> expires;
};

struct Condition {
    std::string field;
    std::string op;  // "" and "$eq" are the same
    Scalar value;
};

struct Query {
    Namespace prefix;
    std::vector<Condition> conditions;
    std::int64_t limit = 10;
    std::int64_t offset = 0;
};

std::string text(const Scalar& value) {
    if (std::holds_alternative<std::monostate>(value)) return "null";
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<double>(&value)) {
        // The same numbers, written in several ways.
        const auto whole = static_cast<std::int64_t>(*number);
        return whole % 3 == 0 ? std::to_string(whole) + ".0" : std::to_string(whole);
    }
    return jsonString(std::get<std::string>(value));
}

bool holds(const Condition& condition, const Fields& fields) {
    const auto found = fields.find(condition.field);
    const Scalar value = found == fields.end() ? Scalar() : found->second;
    if (condition.op.empty() || condition.op == "$eq") return value == condition.value;
    if (condition.op == "$ne") return value != condition.value;
    const bool ordered = value.index() == condition.value.index() && value.index() >= 2;
    if (!ordered) return false;
    if (condition.op == "$gt") return value > condition.value;
    if (condition.op == "$gte") return value >= condition.value;
    if (condition.op == "$lt") return value < condition.value;
    return value <= condition.value;
}

class ItemSearchTest : public StoreTest {
  protected:
    using Place = std::pair<Namespace, std::string>;

    int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }

    Scalar someScalar() {
        switch (below(8)) {
            case 0:
                return Scalar();
            case 1:
                return below(2) == 0;
            case 2:
            case 3:
            case 4:
                return static_cast<double>(below(40) - 20);
            default:
                return std::string(1, static_cast<char>('a' + below(12))) +
                       (below(3) == 0 ? "\"\n\xC3\xA9" : "");
        }
    }
    Namespace somePlace() {
        // One wide branch, and narrow ones.
        if (below(4) != 0) return {"wide", std::to_string(below(3)), std::to_string(below(30))};
        return {"narrow" + std::to_string(below(60)), "memories"};
    }
    Namespace somePrefix() {
        Namespace out = somePlace();
        out.resize(static_cast<std::size_t>(below(static_cast<int>(out.size()) + 1)));
        return out;
    }
    Query someQuery() {
        static const std::vector<std::string> ops = {"", "$eq", "$ne", "$gt", "$gte", "$lt", "$lte"};
        Query out;
        out.prefix = somePrefix();
        for (int left = below(3); left > 0; --left) {
            const std::string field(1, static_cast<char>('p' + below(4)));
            const bool there = std::any_of(out.conditions.begin(), out.conditions.end(),
                                           [&field](const Condition& c) { return c.field == field; });
            if (!there)
                out.conditions.push_back({field, ops[static_cast<std::size_t>(below(7))], someScalar()});
        }
        out.limit = below(5) == 0 ? 1'000 : 1 + below(20);
        out.offset = below(3) == 0 ? below(60) : 0;
        return out;
    }

    // `count` puts, each a tick later than the one before, some of them over existing items; and deletes.
    void change(int count) {
        write([this, count](Connection& db) {
            for (int i = 0; i < count; ++i) {
                const Place place{somePlace(), std::to_string(below(40))};
                ++now_;
                if (below(10) == 0) {
                    store::deleteItem(db, place.first, place.second);
                    model_.erase(place);
                    continue;
                }
                ModelItem item;
                std::string value = "{";
                for (const char field : {'p', 'q', 'r', 's'}) {
                    if (below(4) == 0) continue;
                    const auto scalar = someScalar();
                    item.fields[std::string(1, field)] = scalar;
                    value += (value.size() > 1 ? "," : "") + jsonString(std::string(1, field)) + ":" +
                             text(scalar);
                }
                value += "}";
                item.updated = now_;
                std::optional<microseconds> ttl;
                if (below(5) == 0) ttl = microseconds((1 + below(count)) * 1'000'000LL);
                if (ttl) item.expires = now_ + ttl->count() / 1'000'000;
                store::putItem(db, place.first, place.second, json(value).view(), ttl, at(now_));
                model_[place] = item;
            }
        });
    }

    std::vector<Place> expected(const Query& query) const {
        std::vector<std::tuple<std::int64_t, Place>> found;
        for (const auto& [place, item] : model_) {
            const auto& ns = place.first;
            const bool inside = ns.size() >= query.prefix.size() &&
                                std::equal(query.prefix.begin(), query.prefix.end(), ns.begin());
            if (!inside || (item.expires && *item.expires <= now_)) continue;
            const bool all = std::all_of(query.conditions.begin(), query.conditions.end(),
                                         [&item](const Condition& c) { return holds(c, item.fields); });
            if (all) found.emplace_back(item.updated, place);
        }
        std::sort(found.begin(), found.end(), std::greater<>());
        std::vector<Place> out;
        for (std::size_t i = 0; i < found.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            if (at >= query.offset && at - query.offset < query.limit) out.push_back(std::get<1>(found[i]));
        }
        return out;
    }

    static RawJson filterOf(const Query& query) {
        std::string out = "{";
        for (const auto& condition : query.conditions) {
            out += (out.size() > 1 ? "," : "") + jsonString(condition.field) + ":";
            out += condition.op.empty() ? text(condition.value)
                                        : "{\"" + condition.op + "\":" + text(condition.value) + "}";
        }
        return json(out + "}");
    }
    std::vector<Place> found(const Query& query) {
        ItemQuery asked;
        asked.prefix = query.prefix;
        asked.filter = filterOf(query);
        asked.limit = query.limit;
        asked.offset = query.offset;
        const auto items = read([&](Connection& db) { return store::searchItems(db, asked, at(now_)); });
        std::vector<Place> out;
        for (const auto& item : *items) out.emplace_back(item.ns, item.key);
        return out;
    }

    std::mt19937 random_{20261127};
    std::int64_t now_ = 0;
    std::map<Place, ModelItem> model_;
};

TEST_P(ItemSearchTest, AgreesWithTheModel) {
    std::size_t full = 0, empty = 0;
    for (int stage = 0; stage < 4; ++stage) {
        change(3'000);
        for (int round = 0; round < 150; ++round) {
            const Query query = someQuery();
            const auto wanted = expected(query);
            ASSERT_EQ(found(query), wanted)
                << "stage " << stage << " round " << round << " where " << filterOf(query).text();
            full += wanted.size() == static_cast<std::size_t>(query.limit) ? 1 : 0;
            empty += wanted.empty() ? 1 : 0;
        }
    }
    // All three ways of searching had something to do.
    EXPECT_GT(full, 100U);
    EXPECT_GT(empty, 20U);
}

HEDDLE_BOTH_ENGINES(ItemSearchTest);

}  // namespace
}  // namespace heddle::test
