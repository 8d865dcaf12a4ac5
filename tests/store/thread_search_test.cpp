// SPDX-License-Identifier: Apache-2.0
// Thread search against a naive model: whichever way the planner takes, page and total are the same.
#include "store/harness.hpp"
#include "store/json_match.hpp"
#include "store/some_metadata.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <random>

namespace heddle::test {
namespace {

using sql::Connection;
using store::SortOrder;
using store::ThreadQuery;

class ThreadSearchTest : public StoreTest {
  protected:
    using Ids = std::vector<ThreadId>;

    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

    void fill(int count) {
        for (int n = 0; n < count; ++n) {
            Thread thread = makeThread(at(below(50)));
            thread.updated_at = at(below(50));
            thread.state_updated_at = at(below(50));
            thread.metadata = json(someMetadata(random_, 3));
            thread.status = static_cast<ThreadStatus>(below(4));
            thread.temporary = below(10) == 0;
            if (below(2) == 0) thread.values = json(someMetadata(random_, 3));
            threads_.push_back(thread);
        }
        write([this](Connection& db) {
            for (const auto& thread : threads_) store::insertThread(db, thread);
        });
    }

    ThreadQuery someQuery() {
        static const std::vector<std::string> columns = {"thread_id", "status", "created_at", "updated_at",
                                                         "state_updated_at"};
        ThreadQuery query;
        query.metadata = json(someMetadata(random_, 4));
        if (below(5) == 0) query.values = json(someMetadata(random_, 4));
        if (below(3) == 0) query.status = static_cast<ThreadStatus>(below(4));
        if (below(5) == 0) {
            for (const auto& thread : threads_) {
                if (below(4) == 0) query.ids.push_back(thread.id);
            }
        }
        query.sort_by = columns[static_cast<std::size_t>(below(5))];
        query.order = below(2) == 0 ? SortOrder::kAscending : SortOrder::kDescending;
        query.limit = below(20);
        query.offset = below(3) == 0 ? below(100) : 0;
        return query;
    }

    static bool matches(const Thread& thread, const ThreadQuery& query) {
        if (thread.temporary) return false;
        if (query.status && thread.status != *query.status) return false;
        const auto& ids = query.ids;
        if (!ids.empty() && std::find(ids.begin(), ids.end(), thread.id) == ids.end()) return false;
        if (!store::containsJson(thread.metadata.view(), query.metadata.view())) return false;
        return query.values.text() == "{}" || store::containsJson(thread.values.view(), query.values.view());
    }

    static bool before(const Thread& a, const Thread& b, const std::string& by) {
        if (by == "thread_id") return a.id < b.id;
        if (by == "status") {
            return std::pair(toString(a.status), a.updated_at) < std::pair(toString(b.status), b.updated_at);
        }
        if (by == "created_at") return a.created_at < b.created_at;
        if (by == "updated_at") return a.updated_at < b.updated_at;
        return a.state_updated_at < b.state_updated_at;
    }

    // All that match, in order; equal ones in the order of their making.
    Ids expected(const ThreadQuery& query) const {
        std::vector<Thread> found;
        for (const auto& thread : threads_) {
            if (matches(thread, query)) found.push_back(thread);
        }
        if (query.order == SortOrder::kDescending) std::reverse(found.begin(), found.end());
        std::stable_sort(found.begin(), found.end(), [&query](const Thread& a, const Thread& b) {
            return query.order == SortOrder::kAscending ? before(a, b, query.sort_by)
                                                        : before(b, a, query.sort_by);
        });
        Ids out;
        for (const auto& thread : found) out.push_back(thread.id);
        return out;
    }

    std::mt19937 random_{20240830};
    std::vector<Thread> threads_;
};

TEST_P(ThreadSearchTest, AgreesWithTheModel) {
    fill(300);
    for (int round = 0; round < 400; ++round) {
        const ThreadQuery query = someQuery();
        const auto page = read([&query](Connection& db) { return store::searchThreads(db, query); });
        const auto counted = read([&query](Connection& db) { return store::countThreads(db, query); });
        const Ids all = expected(query);
        const auto begin = std::min(static_cast<std::size_t>(query.offset), all.size());
        const auto end = std::min(begin + static_cast<std::size_t>(query.limit), all.size());
        const Ids wanted(all.begin() + static_cast<std::ptrdiff_t>(begin),
                         all.begin() + static_cast<std::ptrdiff_t>(end));
        Ids found;
        for (const auto& thread : page.threads) found.push_back(thread.id);
        ASSERT_EQ(found, wanted) << "round " << round << " by " << query.sort_by << " where "
                                 << query.metadata.text() << " and values " << query.values.text();
        ASSERT_EQ(page.total, static_cast<std::int64_t>(all.size())) << "round " << round;
        ASSERT_EQ(counted, page.total) << "round " << round;
    }
}

HEDDLE_BOTH_ENGINES(ThreadSearchTest);

}  // namespace
}  // namespace heddle::test
