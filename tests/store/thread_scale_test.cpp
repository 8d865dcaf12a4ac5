// SPDX-License-Identifier: Apache-2.0
// Searches among many threads, and large threads that go: prints what they take, asserts generously.
#include "store/checkpoints.hpp"
#include "store/harness.hpp"
#include "store/sanitized.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <cstdio>

namespace heddle::test {
namespace {

using sql::Connection;
using store::ThreadQuery;
using Time = std::chrono::steady_clock;

#ifdef HEDDLE_SANITIZED
constexpr int kThreads = 5'000;
constexpr int kLargeMb = 20;
constexpr double kAllowance = 20;
#else
constexpr int kThreads = 100'000;
constexpr int kLargeMb = 200;
constexpr double kAllowance = 1;
#endif

Thread threadOf(int n) {
    Thread thread = makeThread(at(n));
    const std::string number = std::to_string(n);
    thread.metadata = json(R"({"user":"user-)" + std::to_string(n % 1000) + R"(","n":)" + number +
                           R"(,"graph_id":"agent","assistant_id":"fe096781-5601-53d2-b2f6-0d3403f7e9ca",)"
                           R"("billing":{"plan":"plan-)" +
                           std::to_string(n % 500) + R"(","seats":)" + std::to_string(n % 7) + "}}");
    thread.status = n % 100 == 0 ? ThreadStatus::kInterrupted : ThreadStatus::kIdle;
    thread.error = RawJson();
    thread.state_checkpoint_id = number;
    thread.values =
        json(R"({"topic":"topic-)" + std::to_string(n % 300) + R"(","kind":"chat","turns":)" + number +
             R"(,"done":)" + (n % 2 == 0 ? "true" : "false") + R"(,"messages":[{"type":"human","content":")" +
             std::string(300, 'q') + R"(","id":")" + number + R"("}]})");
    thread.state = json(R"({"values":)" + thread.values.text() + R"(,"next":[],"tasks":[]})");
    return thread;
}

struct Case {
    const char* name;
    ThreadQuery query;
    double most_ms;
};

ThreadQuery query(const char* metadata, const char* values = "{}") {
    ThreadQuery out;
    out.metadata = json(metadata);
    out.values = json(values);
    return out;
}

ThreadQuery sorted(const char* by, store::SortOrder order = store::SortOrder::kDescending) {
    ThreadQuery out;
    out.sort_by = by;
    out.order = order;
    return out;
}

std::vector<Case> cases() {
    ThreadQuery waiting = query("{}"), idle = query("{}"), deep = query("{}"),
                both = query(R"({"graph_id":"agent"})");
    waiting.status = both.status = ThreadStatus::kInterrupted;
    idle.status = ThreadStatus::kIdle;
    deep.offset = kThreads / 2;
    ThreadQuery narrow = query("{}", R"({"topic":"topic-200"})");
    narrow.status = ThreadStatus::kInterrupted;
    ThreadQuery byCreation = query("{}", R"({"topic":"topic-7"})");
    byCreation.sort_by = "created_at";
    ThreadQuery user = query(R"({"user":"user-7"})");
    user.sort_by = "created_at";
    return {
        {"the latest", query("{}"), 50},
        {"of one user", user, 50},
        {"one thread by number", query(R"({"n":777.0})"), 50},
        {"of the graph that all have", query(R"({"graph_id":"agent"})"), 50},
        {"of a user and a graph", query(R"({"user":"user-7","graph_id":"agent"})"), 50},
        {"that nobody has", query(R"({"user":"nobody"})"), 50},
        {"interrupted (1 %)", waiting, 50},
        {"interrupted, of the graph", both, 50},
        {"idle (99 %)", idle, 50},
        {"offset of half", deep, 50},
        {"nested metadata", query(R"({"billing":{"plan":"plan-77"}})"), 50},
        {"nested metadata, two keys", query(R"({"billing":{"plan":"plan-77","seats":0}})"), 50},
        {"by thread_id", sorted("thread_id"), 50},
        {"by status", sorted("status", store::SortOrder::kAscending), 50},
        {"by state_updated_at", sorted("state_updated_at"), 50},
        {"values, of one user", query(R"({"user":"user-7"})", R"({"topic":"topic-7"})"), 50},
        {"values, interrupted", narrow, 50},
        {"values alone", query("{}", R"({"topic":"topic-7"})"), 50},
        {"values alone, by created_at", byCreation, 50},
        {"values that nobody has", query("{}", R"({"topic":"nothing"})"), 50},
        {"values, one key of all", query("{}", R"({"kind":"chat","topic":"topic-7"})"), 50},
        {"values that half have", query("{}", R"({"done":true})"), 1000},
        {"values inside a list", query("{}", R"({"messages":[{"id":"777"}]})"), 1000},
    };
}

class ThreadScaleTest : public StoreTest {
  protected:
    template <class F>
    static double took_ms(F function) {
        const auto start = Time::now();
        function();
        return std::chrono::duration<double, std::milli>(Time::now() - start).count();
    }
    double p99_ms(const Case& each, int rounds) {
        std::vector<double> times;
        for (int i = 0; i < rounds; ++i) {
            times.push_back(
                took_ms([&] { read([&](Connection& db) { return store::searchThreads(db, each.query); }); }));
        }
        std::sort(times.begin(), times.end());
        return times[times.size() * 99 / 100];
    }
};

TEST_P(ThreadScaleTest, SearchesAreQuick) {
    for (int begin = 0; begin < kThreads; begin += 1000) {
        write([begin](Connection& db) {
            for (int n = begin; n < begin + 1000; ++n) store::insertThread(db, threadOf(n));
        });
    }
    for (const Case& each : cases()) {
        const auto found = read([&](Connection& db) { return store::searchThreads(db, each.query); });
        const double p99 = p99_ms(each, each.most_ms > 100 ? 10 : 100);
        const double counting =
            took_ms([&] { read([&](Connection& db) { return store::countThreads(db, each.query); }); });
        std::printf("%-28s %6d found, p99 %7.2f ms, count %7.2f ms\n", each.name,
                    static_cast<int>(found.total), p99, counting);
        EXPECT_LT(p99, each.most_ms * kAllowance) << each.name;
    }
}

TEST_P(ThreadScaleTest, ALargeThreadGoesQuickly) {
    const Thread thread = makeThread();
    write([&](Connection& db) { return store::insertThread(db, thread); });
    for (int i = 0; i < kLargeMb * 2; ++i) {
        CheckpointPut put;
        put.key = {thread.id.str(), "", std::to_string(1000 + i)};
        put.checkpoint = {"json", "{}"};
        put.versions = {{"out", put.key.id}};
        put.blobs = {{"out", put.key.id, {"bytes", std::string(500'000, 'x')}}};
        write([put](Connection& db) { store::putCheckpoint(db, put); });
    }
    const double removing =
        took_ms([&] { write([&](Connection& db) { return store::removeThread(db, thread.id); }); });
    double longest = 0;
    int steps = 0;
    bool more = true;
    while (more) {
        longest = std::max(longest, took_ms([&] {
                               more =
                                   write([](Connection& db) { return store::sweepDeletedCheckpoints(db); });
                           }));
        ++steps;
    }
    std::printf("a thread of %d MB is removed in %.1f ms, then swept in %d steps of at most %.1f ms\n",
                kLargeMb, removing, steps, longest);
    EXPECT_LT(removing, 100 * kAllowance);
    EXPECT_LT(longest, 200 * kAllowance);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, ThreadScaleTest, ::testing::Values(Engine::kFile), engineName);

}  // namespace
}  // namespace heddle::test
