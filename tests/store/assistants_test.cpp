// SPDX-License-Identifier: Apache-2.0
#include "store/assistants.hpp"

#include "store/assistant_versions.hpp"
#include "store/harness.hpp"

#include <gmock/gmock.h>

namespace heddle::test {
namespace {

using sql::Connection;
using store::AssistantQuery;
using Strings = std::vector<std::string>;

Assistant make(const std::string& graph, std::int64_t when) {
    Assistant assistant;
    assistant.id = systemAssistantId(graph);
    assistant.graph_id = graph;
    assistant.name = graph;
    assistant.metadata = json(R"({"created_by":"system","n":1.0})");
    assistant.created_at = assistant.updated_at = at(when);
    return assistant;
}

class AssistantsTest : public StoreTest {
  protected:
    void ensure(const std::vector<Assistant>& assistants) {
        write([assistants](Connection& db) { store::ensureSystemAssistants(db, assistants); });
    }
    Strings search(const AssistantQuery& query) {
        Strings out;
        const auto page = read([query](Connection& db) { return store::searchAssistants(db, query); });
        EXPECT_EQ(page.total, read([query](Connection& db) { return store::countAssistants(db, query); }));
        for (const auto& assistant : page.assistants) out.push_back(assistant.name);
        return out;
    }
};

TEST_P(AssistantsTest, ComeBackByteForByte) {
    Assistant one = make("agent", 1);
    one.config = json(R"({ "configurable": {"x": 1e5} })");
    one.context = json(R"({"y":18446744073709551616})");
    one.description = "says";
    one.version = 3;
    ensure({one});
    const auto found = read([one](Connection& db) { return store::findAssistant(db, one.id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, one.id);
    EXPECT_EQ(found->graph_id, "agent");
    EXPECT_EQ(found->config, one.config);
    EXPECT_EQ(found->context, one.context);
    EXPECT_EQ(found->metadata, one.metadata);
    EXPECT_EQ(found->name, "agent");
    EXPECT_EQ(found->description, "says");
    EXPECT_EQ(found->version, 3);
    EXPECT_EQ(found->created_at, at(1));
    EXPECT_FALSE(
        read([](Connection& db) { return store::findAssistant(db, nextId<AssistantId>()).has_value(); }));
}

TEST_P(AssistantsTest, ExistingSystemOnesStayAsTheyAre) {
    ensure({make("agent", 1)});
    Assistant changed = make("agent", 2);
    changed.name = "changed";
    ensure({changed, make("other", 2)});
    EXPECT_EQ(search({}), (Strings{"other", "agent"}));
}

TEST_P(AssistantsTest, SystemOnesTakeOverWhatTheConfigurationChanges) {
    const auto give = [this](const char* config, const char* context, std::int64_t when) {
        Assistant assistant = make("agent", when);
        assistant.config = json(config);
        assistant.context = json(context);
        ensure({assistant});
        return *read([](Connection& db) { return store::findAssistant(db, systemAssistantId("agent")); });
    };
    const auto first = give(R"({"configurable":{"a":1}})", R"({"a":1})", 1);
    EXPECT_EQ(first.version, 1);
    // The same, spelled differently.
    EXPECT_EQ(give(R"({ "configurable": {"a": 1.0} })", R"({"a":1})", 2).updated_at, at(1));
    const auto second = give(R"({"tags":["x"]})", "{}", 3);
    EXPECT_EQ(second.version, 2);
    EXPECT_EQ(second.config.text(), R"({"tags":["x"]})");
    EXPECT_EQ(second.context.text(), "{}");
    EXPECT_EQ(second.created_at, at(1));
    EXPECT_EQ(second.updated_at, at(3));
    // What a client makes of it stays while the configuration says the same.
    Assistant patched = second;
    patched.config = json(R"({"tags":["client"]})");
    patched.name = "mine";
    patched.version = 3;
    write([patched](Connection& db) {
        store::saveAssistant(db, patched);
        store::keepVersion(db, patched);
    });
    const auto kept = give(R"({"tags":["x"]})", "{}", 4);
    EXPECT_EQ(kept.version, 3);
    EXPECT_EQ(kept.name, "mine");
    EXPECT_EQ(kept.config, patched.config);
    const auto fourth = give(R"({"configurable":{"a":1}})", R"({"a":1})", 5);
    EXPECT_EQ(fourth.version, 4);
    EXPECT_EQ(fourth.name, "mine");
    EXPECT_EQ(fourth.config, first.config);
    const auto versions =
        read([](Connection& db) { return store::listVersions(db, systemAssistantId("agent"), {}); });
    EXPECT_EQ(versions.size(), 4U);
    EXPECT_EQ(give("{}", "{}", 6).config.text(), "{}");
}

TEST_P(AssistantsTest, AreSearched) {
    Assistant odd = make("odd", 3);
    odd.name = "100%_Odd\\";
    odd.metadata = json(R"({"tags":["a","b"]})");
    ensure({make("agent", 1), make("Agency", 2), odd});
    AssistantQuery query;
    query.name = "AGEN";
    EXPECT_EQ(search(query), (Strings{"Agency", "agent"}));
    query.name = "%_o";
    EXPECT_EQ(search(query), Strings{"100%_Odd\\"});
    query.name = "_";
    EXPECT_EQ(search(query), Strings{"100%_Odd\\"});
    query.name = "\\";
    EXPECT_EQ(search(query), Strings{"100%_Odd\\"});
    query = {};
    query.graph_id = "agent";
    EXPECT_EQ(search(query), Strings{"agent"});
    query = {};
    query.metadata = json(R"({"n":1})");
    EXPECT_EQ(search(query), (Strings{"Agency", "agent"}));
    query.metadata = json(R"({"tags":["b"]})");
    EXPECT_EQ(search(query), Strings{"100%_Odd\\"});
}

TEST_P(AssistantsTest, AreSortedOverPages) {
    ensure({make("b", 1), make("c", 2), make("a", 3)});
    AssistantQuery query;
    query.sort_by = "name";
    query.order = store::SortOrder::kAscending;
    EXPECT_EQ(search(query), (Strings{"a", "b", "c"}));
    query.limit = 1;
    query.offset = 1;
    EXPECT_EQ(search(query), Strings{"b"});
    query.limit = 0;
    EXPECT_EQ(search(query), Strings{});
    query.sort_by = "config";
    EXPECT_THROW(search(query), std::logic_error);
}

TEST_P(AssistantsTest, KeepTheirVersions) {
    ensure({make("agent", 1)});
    Assistant one =
        *read([](Connection& db) { return store::findAssistant(db, systemAssistantId("agent")); });
    const auto next = [&] {
        return read([id = one.id](Connection& db) { return store::nextVersion(db, id); });
    };
    EXPECT_EQ(next(), 2);
    for (std::int64_t version = 2; version <= 4; ++version) {
        one.version = version;
        one.context = json("{\"v\":" + std::to_string(version) + "}");
        one.metadata = json(version == 3 ? R"({"odd":true})" : "{}");
        one.updated_at = at(version);
        write([one](Connection& db) {
            store::saveAssistant(db, one);
            store::keepVersion(db, one);
        });
    }
    EXPECT_EQ(next(), 5);
    const auto listed = [&](const store::VersionQuery& query) {
        std::vector<std::int64_t> numbers;
        for (const auto& version :
             read([id = one.id, query](Connection& db) { return store::listVersions(db, id, query); }))
            numbers.push_back(version.version);
        return numbers;
    };
    EXPECT_THAT(listed({}), ::testing::ElementsAre(4, 3, 2, 1));
    EXPECT_THAT(listed({json("{}"), 2, 1}), ::testing::ElementsAre(3, 2));
    EXPECT_THAT(listed({json(R"({"odd":true})")}), ::testing::ElementsAre(3));
    const auto found = read([id = one.id](Connection& db) { return store::findVersion(db, id, 3); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->context.text(), R"({"v":3})");
    EXPECT_EQ(found->created_at, at(1));
    EXPECT_EQ(found->updated_at, at(3));
    EXPECT_FALSE(read([id = one.id](Connection& db) { return store::findVersion(db, id, 9); }));
    // They go with their assistant, and another one of the same id begins anew.
    write([id = one.id](Connection& db) { store::removeAssistant(db, id); });
    ensure({make("agent", 9)});
    EXPECT_THAT(listed({}), ::testing::ElementsAre(1));
}

HEDDLE_BOTH_ENGINES(AssistantsTest);

}  // namespace
}  // namespace heddle::test
