// SPDX-License-Identifier: Apache-2.0
// Searches by meaning among many items: prints what they take, asserts generously.
#include "store/harness.hpp"
#include "store/items.hpp"
#include "store/sanitized.hpp"
#include "support/vectors.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

namespace heddle::test {
namespace {

using sql::Connection;
using store::ItemQuery;
using Time = std::chrono::steady_clock;

#ifdef HEDDLE_SANITIZED
constexpr int kItems = 2'000;
constexpr double kAllowance = 20;
#else
constexpr int kItems = 50'000;
constexpr double kAllowance = 1;
#endif
constexpr std::size_t kDims = 384;
constexpr int kSearches = 100;
constexpr double kMost_ms = 50;

class RandomVectors {
  public:
    Vector next() {
        std::vector<float> numbers(kDims);
        for (float& number : numbers) number = normal_(random_);
        return vectorOf(numbers);
    }

  private:
    std::mt19937 random_{7};
    std::normal_distribution<float> normal_;
};

class VectorScaleTest : public StoreTest {
  protected:
    void fill(int items) {
        constexpr int kAtOnce = 1000;
        for (int n = 0; n < items; n += kAtOnce) {
            write([&](Connection& db) {
                for (int i = n; i < std::min(items, n + kAtOnce); ++i) {
                    const std::string number = std::to_string(i);
                    const Vector vector = vectors_.next();
                    store::putItem(
                        db, {"docs", "group-" + std::to_string(i % 10)}, "doc-" + number,
                        json(R"({"n":)" + number + R"(,"text":")" + std::string(300, 'x') + "\"}").view(),
                        std::nullopt, at(i), {&vector, 1});
                }
            });
        }
    }
    // Milliseconds, ascending.
    std::vector<double> measure(ItemQuery query, std::size_t expected) {
        std::vector<double> took;
        for (int i = 0; i < kSearches; ++i) {
            query.vector = vectors_.next();
            const auto began = Time::now();
            const auto found =
                read([&](Connection& db) { return store::searchItems(db, query, at(kItems)).value(); });
            took.push_back(std::chrono::duration<double, std::milli>(Time::now() - began).count());
            EXPECT_EQ(found.size(), expected);
        }
        std::sort(took.begin(), took.end());
        return took;
    }
    // Of CPU time: how long it takes depends on who else computes.
    void expectQuick(const char* what, const ItemQuery& query, std::size_t expected, double most_ms) {
        const auto before = std::clock();
        const auto took = measure(query, expected);
        const double cpu_ms =
            1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / kSearches;
        std::printf("%d items of %zu dimensions, %s: p50 %.1f ms, p99 %.1f ms, CPU %.1f ms\n", kItems, kDims,
                    what, took[kSearches / 2], took[kSearches - 2], cpu_ms);
        EXPECT_LT(cpu_ms, most_ms * kAllowance);
    }

    RandomVectors vectors_;
};

TEST_P(VectorScaleTest, SearchesByMeaningTakeMilliseconds) {
    fill(kItems);
    ItemQuery query;
    query.prefix = {"docs"};
    expectQuick("all of them", query, 10, kMost_ms);
    query.filter = json(R"({"n":{"$lt":)" + std::to_string(kItems / 2) + "}}");
    expectQuick("a filter that half of them pass", query, 10, kMost_ms);
    query.filter = json(R"({"n":{"$lt":0}})");
    expectQuick("a filter that none of them passes", query, 0, 20 * kMost_ms);
    query.filter = json("{}");
    query.limit = 1000;
    expectQuick("1000 results", query, 1000, kMost_ms);
    query.limit = 10;
    query.prefix = {"docs", "group-3"};
    expectQuick("a tenth of them", query, 10, kMost_ms);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, VectorScaleTest, ::testing::Values(Engine::kFile), engineName);

}  // namespace
}  // namespace heddle::test
