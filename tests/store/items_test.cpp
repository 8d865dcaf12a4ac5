// SPDX-License-Identifier: Apache-2.0
#include "store/items.hpp"

#include "store/harness.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using store::ItemQuery;
using store::NamespaceQuery;
using Strings = std::vector<std::string>;

class ItemsTest : public StoreTest {
  protected:
    void put(const Namespace& ns, const std::string& key, const std::string& value, std::int64_t when = 0,
             std::optional<microseconds> ttl = std::nullopt) {
        write([=](Connection& db) { store::putItem(db, ns, key, json(value).view(), ttl, at(when)); });
    }
    std::optional<Item> get(const Namespace& ns, const std::string& key, std::int64_t when = 0) {
        return read([=](Connection& db) { return store::getItem(db, ns, key, at(when)); });
    }
    Result<std::vector<Item>> trySearch(const ItemQuery& query, std::int64_t when = 0) {
        return read([=](Connection& db) { return store::searchItems(db, query, at(when)); });
    }
    Strings search(const Namespace& prefix, const std::string& filter = "{}", std::int64_t when = 0) {
        ItemQuery query;
        query.prefix = prefix;
        query.filter = json(filter);
        return keys(query, when);
    }
    Strings keys(const ItemQuery& query, std::int64_t when = 0) {
        Strings out;
        const auto found = trySearch(query, when);
        EXPECT_TRUE(found.has_value());
        if (!found) return out;
        for (const auto& item : *found) out.push_back(item.key);
        return out;
    }
    std::vector<Namespace> namespaces(const NamespaceQuery& query, std::int64_t when = 0) {
        return read([=](Connection& db) { return store::listNamespaces(db, query, at(when)); });
    }
};

using Namespaces = std::vector<Namespace>;

TEST_P(ItemsTest, ComeBackByteForByte) {
    const std::string value = R"({ "n":18446744073709551616,"e" : 1e5, "s":"\u0041\ud83d\ude00" })";
    put({"user", "a"}, "k", value, 1);
    const auto item = get({"user", "a"}, "k");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->ns, (Namespace{"user", "a"}));
    EXPECT_EQ(item->key, "k");
    EXPECT_EQ(item->value.text(), value);
    EXPECT_EQ(item->created_at, at(1));
    EXPECT_EQ(item->updated_at, at(1));
    EXPECT_FALSE(get({"user"}, "k"));
    EXPECT_FALSE(get({"user", "a", ""}, "k"));
    EXPECT_FALSE(get({"user", "a"}, "K"));
}

TEST_P(ItemsTest, APutReplacesButKeepsTheCreationTime) {
    put({"a"}, "k", R"({"v":1})", 1);
    put({"a"}, "k", R"({"v":2})", 5);
    const auto item = get({"a"}, "k");
    EXPECT_EQ(item->value.text(), R"({"v":2})");
    EXPECT_EQ(item->created_at, at(1));
    EXPECT_EQ(item->updated_at, at(5));
}

TEST_P(ItemsTest, AreDeleted) {
    put({"a"}, "k", "{}");
    write([](Connection& db) {
        store::deleteItem(db, {"a"}, "k");
        store::deleteItem(db, {"a"}, "k");
    });
    EXPECT_FALSE(get({"a"}, "k"));
    EXPECT_EQ(namespaces({}), Namespaces{});
}

TEST_P(ItemsTest, ExpireAfterTheirTime) {
    put({"a"}, "short", R"({"v":1})", 0, seconds(10));
    put({"a"}, "long", R"({"v":1})", 0, seconds(20));
    put({"b"}, "ever", R"({"v":1})");
    EXPECT_TRUE(get({"a"}, "short", 9));
    EXPECT_FALSE(get({"a"}, "short", 10));
    EXPECT_EQ(search({"a"}, "{}", 10), Strings{"long"});
    EXPECT_EQ(search({"a"}, R"({"v":1})", 10), Strings{"long"});
    EXPECT_EQ(namespaces({}, 20), Namespaces{{"b"}});
    const auto expire = [this](std::int64_t when, std::int64_t limit) {
        return write([=](Connection& db) { return store::expireItems(db, at(when), limit); });
    };
    EXPECT_EQ(expire(9, 10), 0);
    EXPECT_EQ(expire(30, 1), 1);
    EXPECT_EQ(expire(30, 10), 1);
    EXPECT_TRUE(get({"b"}, "ever", 1'000'000));
}

TEST_P(ItemsTest, AnExpiredOneDoesNotLendItsCreationTime) {
    put({"a"}, "k", "{}", 0, seconds(10));
    put({"a"}, "k", "{}", 10);
    EXPECT_EQ(get({"a"}, "k", 99)->created_at, at(10));
    // One that is still there does, and a put without a ttl ends the old one.
    put({"a"}, "j", "{}", 0, seconds(10));
    put({"a"}, "j", "{}", 9);
    EXPECT_EQ(get({"a"}, "j", 99)->created_at, at(0));
}

TEST_P(ItemsTest, AreSearchedBelowAPrefix) {
    put({"user"}, "1", "{}", 1);
    put({"user", "a"}, "2", "{}", 2);
    put({"user", "a", "deep"}, "3", "{}", 3);
    put({"user", "ab"}, "4", "{}", 4);
    put({"users"}, "5", "{}", 5);
    EXPECT_EQ(search({}), (Strings{"5", "4", "3", "2", "1"}));
    EXPECT_EQ(search({"user"}), (Strings{"4", "3", "2", "1"}));
    EXPECT_EQ(search({"user", "a"}), (Strings{"3", "2"}));
    EXPECT_EQ(search({"use"}), Strings{});
    put({"user"}, "1", "{}", 9);
    EXPECT_EQ(search({"user"})[0], "1");
}

TEST_P(ItemsTest, AreFilteredOverPages) {
    for (int n = 0; n < 6; ++n) {
        put({"a"}, std::to_string(n),
            R"({"n":)" + std::to_string(n) + R"(,"kind":{"odd":)" + (n % 2 == 0 ? "false" : "true") + "}}",
            n);
    }
    EXPECT_EQ(search({"a"}, R"({"n":{"$gte":2,"$ne":4}})"), (Strings{"5", "3", "2"}));
    EXPECT_EQ(search({"a"}, R"({"kind":{"odd":true}})"), (Strings{"5", "3", "1"}));
    for (const char* filter : {"{}", R"({"n":{"$gte":0}})"}) {
        ItemQuery query;
        query.filter = json(filter);
        query.limit = 2;
        query.offset = 1;
        EXPECT_EQ(keys(query), (Strings{"4", "3"}));
        query.offset = 5;
        EXPECT_EQ(keys(query), Strings{"0"});
        query.limit = 0;
        EXPECT_EQ(keys(query), Strings{});
    }
    ItemQuery query;
    query.filter = json(R"({"n":{"$like":1}})");
    EXPECT_EQ(trySearch(query).error().kind, ProblemKind::kInvalid);
}

TEST_P(ItemsTest, NamespacesAreListed) {
    for (const Namespace& ns : Namespaces{{"a", "b", "c"}, {"a", "b", "d"}, {"a", "x", "c"}, {"z"}, {"a"}}) {
        put(ns, "k", "{}");
        put(ns, "l", "{}");
    }
    NamespaceQuery query;
    EXPECT_EQ(namespaces(query),
              (Namespaces{{"a"}, {"a", "b", "c"}, {"a", "b", "d"}, {"a", "x", "c"}, {"z"}}));
    query.limit = 2;
    query.offset = 1;
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b", "c"}, {"a", "b", "d"}}));
    query.offset = 9;
    EXPECT_EQ(namespaces(query), Namespaces{});
    query = {};
    query.prefix = {"a", "b"};
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b", "c"}, {"a", "b", "d"}}));
    query.prefix = {"a", "*", "c"};
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b", "c"}, {"a", "x", "c"}}));
    query.prefix = {"*"};
    EXPECT_EQ(namespaces(query).size(), 5U);
    query = {};
    query.suffix = {"c"};
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b", "c"}, {"a", "x", "c"}}));
    query.suffix = {"b", "*"};
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b", "c"}, {"a", "b", "d"}}));
    query = {};
    query.max_depth = 2;
    EXPECT_EQ(namespaces(query), (Namespaces{{"a"}, {"a", "b"}, {"a", "x"}, {"z"}}));
    // Conditions look at the whole namespace, the cut comes after.
    query.suffix = {"c"};
    EXPECT_EQ(namespaces(query), (Namespaces{{"a", "b"}, {"a", "x"}}));
}

TEST_P(ItemsTest, ReadingStartsATimeToLiveAnewUnlessItIsOver) {
    const auto life = std::chrono::seconds(10);
    put({"a"}, "k", "{}", 0, life);
    put({"a"}, "stays", "{}", 0);
    const auto refresh = [&](std::int64_t when) {
        write([=](Connection& db) {
            store::refreshItems(db, {{{"a"}, "k"}, {{"a"}, "stays"}, {{"b"}, "k"}}, at(when));
        });
    };
    const auto item = get({"a"}, "k");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->ttl, life);
    EXPECT_EQ(item->expires_at, at(0) + life);
    // A hundredth of its life must have passed.
    EXPECT_FALSE(fades(*item, at(0) + std::chrono::milliseconds(99)));
    EXPECT_TRUE(fades(*item, at(0) + std::chrono::milliseconds(101)));
    EXPECT_FALSE(fades(*get({"a"}, "stays"), at(0) + std::chrono::hours(1)));
    refresh(9);
    EXPECT_TRUE(get({"a"}, "k", 18));
    EXPECT_FALSE(get({"a"}, "k", 19));
    refresh(20);
    EXPECT_FALSE(get({"a"}, "k", 20));
    EXPECT_TRUE(get({"a"}, "stays", 3600));
}

TEST_P(ItemsTest, PuttingAgainWithoutATimeToLiveEndsIt) {
    put({"a"}, "k", "{}", 0, std::chrono::seconds(10));
    put({"a"}, "k", "{}", 1);
    const auto item = get({"a"}, "k", 3600);
    ASSERT_TRUE(item);
    EXPECT_FALSE(item->ttl);
}

HEDDLE_BOTH_ENGINES(ItemsTest);

}  // namespace
}  // namespace heddle::test
