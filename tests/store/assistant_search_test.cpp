// SPDX-License-Identifier: Apache-2.0
// Assistant search against a naive model: whichever way the planner takes, page and total are the same.
#include "store/assistants.hpp"
#include "store/harness.hpp"
#include "store/json_match.hpp"
#include "store/some_metadata.hpp"

#include <algorithm>
#include <random>

namespace heddle::test {
namespace {

using sql::Connection;
using store::AssistantQuery;
using store::SortOrder;

class AssistantSearchTest : public StoreTest {
  protected:
    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

    std::string someName() {
        static const std::vector<std::string> words = {"Writer", "critic",        "50%",
                                                       "a_b",    "CRITIC of all", "plan\\ner"};
        return words[static_cast<std::size_t>(below(6))] + " " + std::to_string(below(30));
    }
    void fill(int count) {
        for (int n = 0; n < count; ++n) {
            Assistant one;
            one.id = nextId<AssistantId>();
            one.graph_id = below(3) == 0 ? "other" : "agent";
            one.name = someName();
            one.metadata = json(someMetadata(random_, 3));
            one.created_at = at(below(50));
            one.updated_at = at(below(50));
            assistants_.push_back(one);
        }
        write([this](Connection& db) {
            for (const auto& one : assistants_) store::insertAssistant(db, one);
        });
    }
    // Some are written anew with other metadata, some go.
    void change() {
        write([this](Connection& db) {
            for (auto& one : assistants_) {
                if (below(3) != 0) continue;
                one.metadata = json(someMetadata(random_, 3));
                one.name = someName();
                ++one.version;
                store::saveAssistant(db, one);
            }
            std::erase_if(assistants_, [&](const Assistant& one) {
                return below(10) == 0 && store::removeAssistant(db, one.id);
            });
        });
    }
    AssistantQuery someQuery() {
        static const std::vector<std::string> columns = {"assistant_id", "created_at", "updated_at", "name",
                                                         "graph_id"};
        static const std::vector<std::string> names = {"critic", "WRITER 1", "0%", "_", "\\", "nobody"};
        AssistantQuery query;
        query.metadata = json(someMetadata(random_, 4));
        if (below(3) == 0) query.graph_id = below(2) == 0 ? "agent" : "other";
        if (below(3) == 0) query.name = names[static_cast<std::size_t>(below(6))];
        query.sort_by = columns[static_cast<std::size_t>(below(5))];
        query.order = below(2) == 0 ? SortOrder::kAscending : SortOrder::kDescending;
        query.limit = below(20);
        query.offset = below(3) == 0 ? below(100) : 0;
        return query;
    }

    static std::string lower(std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return text;
    }
    static bool matches(const Assistant& one, const AssistantQuery& query) {
        if (query.graph_id && one.graph_id != *query.graph_id) return false;
        if (query.name && lower(one.name).find(lower(*query.name)) == std::string::npos) return false;
        return store::containsJson(one.metadata.view(), query.metadata.view());
    }
    static bool before(const Assistant& a, const Assistant& b, const std::string& by) {
        if (by == "assistant_id") return a.id < b.id;
        if (by == "created_at") return a.created_at < b.created_at;
        if (by == "updated_at") return a.updated_at < b.updated_at;
        return by == "name" ? a.name < b.name : a.graph_id < b.graph_id;
    }
    // All that match, in order; equal ones in the order of their making.
    std::vector<AssistantId> expected(const AssistantQuery& query) const {
        std::vector<Assistant> found;
        std::copy_if(assistants_.begin(), assistants_.end(), std::back_inserter(found),
                     [&query](const Assistant& one) { return matches(one, query); });
        const bool up = query.order == SortOrder::kAscending;
        if (!up) std::reverse(found.begin(), found.end());
        std::stable_sort(found.begin(), found.end(), [&query, up](const Assistant& a, const Assistant& b) {
            return up ? before(a, b, query.sort_by) : before(b, a, query.sort_by);
        });
        std::vector<AssistantId> out;
        for (const auto& one : found) out.push_back(one.id);
        return out;
    }

    std::mt19937 random_{20261127};
    std::vector<Assistant> assistants_;
};

TEST_P(AssistantSearchTest, AgreesWithTheModel) {
    fill(300);
    for (int round = 0; round < 400; ++round) {
        if (round % 100 == 99) change();
        const AssistantQuery query = someQuery();
        const auto page = read([&query](Connection& db) { return store::searchAssistants(db, query); });
        const auto counted = read([&query](Connection& db) { return store::countAssistants(db, query); });
        auto wanted = expected(query);
        const auto total = static_cast<std::int64_t>(wanted.size());
        const auto begin = std::min(query.offset, total), end = std::min(begin + query.limit, total);
        wanted.assign(wanted.begin() + begin, wanted.begin() + end);
        std::vector<AssistantId> found;
        for (const auto& one : page.assistants) found.push_back(one.id);
        ASSERT_EQ(found, wanted) << "round " << round << " by " << query.sort_by << " name "
                                 << query.name.value_or("") << " where " << query.metadata.text();
        ASSERT_EQ(page.total, total) << "round " << round;
        ASSERT_EQ(counted, total) << "round " << round;
    }
}

HEDDLE_BOTH_ENGINES(AssistantSearchTest);

}  // namespace
}  // namespace heddle::test
