// SPDX-License-Identifier: Apache-2.0
// Items with vectors: what becomes of those, and searches by meaning against a model that compares
// everything.
#include "store/harness.hpp"
#include "store/item_ranking.hpp"
#include "store/items.hpp"
#include "support/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace heddle::test {
namespace {

using sql::Connection;
using store::ItemQuery;
using Numbers = std::vector<float>;
using Strings = std::vector<std::string>;

std::vector<Vector> vectorsOf(const std::vector<Numbers>& all) {
    std::vector<Vector> out;
    for (const auto& numbers : all) out.push_back(vectorOf(numbers));
    return out;
}

class ItemVectorsTest : public StoreTest {
  protected:
    void put(const Namespace& ns, const std::string& key, const std::vector<Numbers>& vectors = {},
             std::int64_t when = 0, const std::string& value = "{}",
             std::optional<microseconds> ttl = std::nullopt) {
        write([=](Connection& db) {
            store::putItem(db, ns, key, json(value).view(), ttl, at(when), vectorsOf(vectors));
        });
    }
    std::vector<Item> rank(const ItemQuery& query, std::int64_t when = 0, std::size_t kept = 1000) {
        return read([=](Connection& db) { return store::rankItems(db, query, at(when), kept).value(); });
    }
    // As "key:score", without the score where there is none.
    Strings found(const ItemQuery& query, std::int64_t when = 0) {
        Strings out;
        const auto items =
            read([=](Connection& db) { return store::searchItems(db, query, at(when)).value(); });
        for (const auto& item : items) {
            out.push_back(item.key + (item.score ? ":" + std::to_string(*item.score).substr(0, 4) : ""));
        }
        return out;
    }
    std::int64_t rows(const std::string& table) {
        return read([&](Connection& db) {
            auto row = db.query("SELECT count(*) FROM " + table);
            row.step();
            return row.integer(0);
        });
    }
    static ItemQuery near(const Numbers& numbers, Namespace prefix = {}) {
        ItemQuery query;
        query.prefix = std::move(prefix);
        query.vector = vectorOf(numbers);
        return query;
    }
};

TEST_P(ItemVectorsTest, NearestComeFirstAndThoseWithoutAVectorLast) {
    put({"a"}, "north", {{0, 1}}, 1);
    put({"a", "b"}, "east", {{5, 0}}, 2);
    put({"a", "b"}, "both", {{0, -1}, {3, 4}}, 3);
    put({"a"}, "old", {}, 4);
    put({"a"}, "new", {}, 5);
    put({"a"}, "three", {{0, 1, 0}}, 6);
    put({"ab"}, "elsewhere", {{0, 1}}, 7);
    EXPECT_EQ(found(near({0, 2}, {"a"})),
              (Strings{"north:1.00", "both:0.80", "east:0.00", "three", "new", "old"}));
    EXPECT_EQ(found(near({0, 2}, {"a", "b"})), (Strings{"both:0.80", "east:0.00"}));
    auto page = near({0, 2}, {"a"});
    page.limit = 2;
    EXPECT_EQ(found(page), (Strings{"north:1.00", "both:0.80"}));
    page.offset = 2;
    EXPECT_EQ(found(page), (Strings{"east:0.00", "three"}));
    page.offset = 5;
    EXPECT_EQ(found(page), (Strings{"old"}));
    page.offset = 6;
    EXPECT_EQ(found(page), Strings{});
}

TEST_P(ItemVectorsTest, GoWithTheirItemAndArePutAnew) {
    put({"a"}, "k", {{1, 0}, {0, 1}});
    put({"a"}, "k", {{-1, 0}});
    EXPECT_EQ(rows("item_vectors"), 1);
    EXPECT_EQ(found(near({1, 0})), Strings{"k:-1.0"});
    put({"a"}, "k");
    EXPECT_EQ(rows("item_vectors"), 0);
    EXPECT_EQ(rows("vector_namespaces"), 0);
    EXPECT_EQ(found(near({1, 0})), Strings{"k"});
    put({"a"}, "k", {{1, 0}});
    put({"a"}, "other", {{0, 1}});
    write([](Connection& db) { store::deleteItem(db, {"a"}, "k"); });
    EXPECT_EQ(found(near({1, 0})), Strings{"other:0.00"});
    EXPECT_EQ(rows("vector_namespaces"), 1);
    write([](Connection& db) { store::deleteItem(db, {"a"}, "other"); });
    EXPECT_EQ(rows("item_vectors"), 0);
    EXPECT_EQ(rows("vector_namespaces"), 0);
}

TEST_P(ItemVectorsTest, ExpireWithTheirItem) {
    put({"a"}, "short", {{1, 0}}, 0, "{}", std::chrono::seconds(10));
    put({"a"}, "long", {{0, 1}}, 0, "{}", std::chrono::seconds(100));
    EXPECT_EQ(found(near({1, 0}), 9), (Strings{"short:1.00", "long:0.00"}));
    EXPECT_EQ(found(near({1, 0}), 10), Strings{"long:0.00"});
    EXPECT_EQ(rows("item_vectors"), 2);
    EXPECT_EQ(write([](Connection& db) { return store::expireItems(db, at(11), 10); }), 1);
    EXPECT_EQ(rows("item_vectors"), 1);
    write([](Connection& db) { store::refreshItems(db, {{{"a"}, "long"}}, at(50)); });
    EXPECT_EQ(found(near({1, 0}), 140), Strings{"long:0.00"});
}

TEST_P(ItemVectorsTest, AnUnknownOperatorIsRefused) {
    auto query = near({1, 0});
    query.filter = json(R"({"n":{"$like":1}})");
    const auto found = read([=](Connection& db) { return store::searchItems(db, query, at(0)); });
    EXPECT_EQ(found.error().detail, "filter: unsupported operator $like");
}

// ---- the model

struct ModelItem {
    std::vector<Numbers> vectors;
    std::int64_t n = 0;
    std::int64_t put_at = 0;
    std::optional<std::int64_t> dies_at;
};

double cosineOf(const Numbers& a, const Numbers& b) {
    double products = 0;
    double squares_a = 0;
    double squares_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        products += static_cast<double>(a[i]) * b[i];
        squares_a += static_cast<double>(a[i]) * a[i];
        squares_b += static_cast<double>(b[i]) * b[i];
    }
    return squares_a == 0 || squares_b == 0 ? 0 : products / std::sqrt(squares_a * squares_b);
}

class Model {
  public:
    using Place = std::pair<Namespace, std::string>;
    std::map<Place, ModelItem> items;

    [[nodiscard]] static bool begins(const Namespace& ns, const Namespace& prefix) {
        return ns.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), ns.begin());
    }
    // The scores of all that may be found; nothing: found without one.
    [[nodiscard]] std::map<Place, std::optional<double>> scores(const Namespace& prefix, const Numbers& query,
                                                                std::int64_t least, std::int64_t now) const {
        std::map<Place, std::optional<double>> out;
        for (const auto& [place, item] : items) {
            if (!begins(place.first, prefix) || item.n < least || (item.dies_at && *item.dies_at <= now))
                continue;
            std::optional<double> best;
            for (const auto& vector : item.vectors) {
                if (vector.size() == query.size())
                    best = std::max(best.value_or(-2), cosineOf(query, vector));
            }
            out[place] = best;
        }
        return out;
    }
};

class RandomWorld {
  public:
    explicit RandomWorld(unsigned seed) : random_(seed) {}

    std::int64_t below(std::int64_t end) {
        return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random_);
    }
    Namespace place() {
        Namespace ns{"n" + std::to_string(below(3))};
        if (below(2) == 0) ns.push_back("m" + std::to_string(below(3)));
        return ns;
    }
    Numbers numbers(std::size_t dims) {
        std::normal_distribution<float> normal;
        Numbers out;
        for (std::size_t i = 0; i < dims; ++i) out.push_back(below(20) == 0 ? 0 : normal(random_));
        return out;
    }
    ModelItem item(std::int64_t now) {
        constexpr std::size_t kDims = 7;
        ModelItem item;
        const std::size_t dims = below(8) == 0 ? kDims + 1 : kDims;
        for (auto count = below(4); count > 0; --count) item.vectors.push_back(numbers(dims));
        item.n = below(10);
        item.put_at = now;
        if (below(3) == 0) item.dies_at = now + 1 + below(60);
        return item;
    }

  private:
    std::mt19937 random_;
};

// Scores in order, as the model has them, none twice; then the others, the newest first.
void expectSame(const std::vector<Item>& found, const std::map<Model::Place, std::optional<double>>& scores,
                const Model& model, const ItemQuery& query) {
    constexpr double kNear = 1e-5;
    std::vector<double> scored;
    std::vector<std::pair<std::int64_t, Model::Place>> others;
    for (const auto& [place, score] : scores) {
        if (score) {
            scored.push_back(*score);
        } else {
            others.emplace_back(-model.items.at(place).put_at, place);
        }
    }
    std::sort(scored.begin(), scored.end(), std::greater<>());
    std::sort(others.begin(), others.end());
    const auto size = static_cast<std::int64_t>(scores.size());
    const auto wanted = std::clamp<std::int64_t>(size - query.offset, 0, query.limit);
    ASSERT_EQ(found.size(), static_cast<std::size_t>(wanted));
    std::map<Model::Place, int> seen;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Model::Place place{found[i].ns, found[i].key};
        EXPECT_EQ(++seen[place], 1);
        ASSERT_TRUE(scores.contains(place));
        const auto rank = i + static_cast<std::size_t>(query.offset);
        if (rank < scored.size()) {
            ASSERT_TRUE(found[i].score && scores.at(place));
            EXPECT_NEAR(*found[i].score, scored[rank], kNear);
            EXPECT_NEAR(*found[i].score, *scores.at(place), kNear);
        } else {
            EXPECT_FALSE(found[i].score);
            EXPECT_EQ(place, others[rank - scored.size()].second);
        }
    }
}

TEST_P(ItemVectorsTest, SearchesFindWhatAComparisonWithEverythingFinds) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        RandomWorld world(seed);
        Model model;
        const std::string tenant = "t" + std::to_string(seed);
        for (std::int64_t now = 0; now < 120; ++now) {
            Namespace ns = world.place();
            ns.insert(ns.begin(), tenant);
            const std::string key = "k" + std::to_string(world.below(12));
            if (world.below(5) == 0) {
                model.items.erase({ns, key});
                write([=](Connection& db) { store::deleteItem(db, ns, key); });
            } else {
                const ModelItem item = model.items[{ns, key}] = world.item(now);
                const auto ttl = item.dies_at
                                     ? std::optional<microseconds>(std::chrono::seconds(*item.dies_at - now))
                                     : std::nullopt;
                put(ns, key, item.vectors, now, R"({"n":)" + std::to_string(item.n) + "}", ttl);
            }
            if (world.below(20) == 0) write([=](Connection& db) { store::expireItems(db, at(now), 5); });
            Namespace prefix{tenant};
            if (world.below(2) == 0) prefix = world.place(), prefix.insert(prefix.begin(), tenant);
            const auto least = world.below(2) == 0 ? world.below(10) : 0;
            const Numbers wanted = world.numbers(7);
            ItemQuery query = near(wanted, prefix);
            if (least > 0) query.filter = json(R"({"n":{"$gte":)" + std::to_string(least) + "}}");
            query.limit = 1 + world.below(30);
            query.offset = world.below(3) == 0 ? world.below(20) : 0;
            const auto kept = static_cast<std::size_t>(1 + world.below(6));
            expectSame(rank(query, now, kept), model.scores(prefix, wanted, least, now), model, query);
            if (HasFailure()) return;
        }
    }
}

HEDDLE_BOTH_ENGINES(ItemVectorsTest);

}  // namespace
}  // namespace heddle::test
