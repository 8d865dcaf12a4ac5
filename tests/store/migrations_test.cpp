// SPDX-License-Identifier: Apache-2.0
#include "sql/migrations.hpp"

#include "store/assistants.hpp"
#include "store/harness.hpp"
#include "store/items.hpp"
#include "store/namespaces.hpp"
#include "store/threads.hpp"

#include <gmock/gmock.h>

namespace heddle::test {
namespace {

using sql::Connection;
using sql::Migration;
using sql::SqliteDatabase;
using ::testing::HasSubstr;

const std::vector<Migration> kSteps = {
    {1, "one", "CREATE TABLE one (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO one (n) VALUES (1)"},
    {2, "two", "ALTER TABLE one ADD COLUMN m INTEGER; UPDATE one SET m = n + 1"},
    {3, "three", "CREATE TABLE three (id INTEGER PRIMARY KEY)"},
};

class MigrationsTest : public ::testing::Test {
  protected:
    sql::SqliteOptions upTo(std::size_t count) {
        sql::SqliteOptions options;
        options.migrations.assign(kSteps.begin(), kSteps.begin() + static_cast<std::ptrdiff_t>(count));
        return options;
    }
    std::unique_ptr<SqliteDatabase> open(const sql::SqliteOptions& options) {
        return std::make_unique<SqliteDatabase>(io_.get_executor(), dir_.file(), options);
    }
    std::string text(SqliteDatabase& database, const std::string& query) {
        auto job = [query](Connection& db) -> Result<std::string> {
            std::string out;
            auto rows = db.query(query);
            while (rows.step()) out += rows.string(0) + ' ';
            return out;
        };
        return *runToEnd(io_, database.read(job));
    }

    TempDir dir_;
    asio::io_context io_{1};
};

TEST_F(MigrationsTest, RunFromEveryOlderVersion) {
    for (std::size_t from = 0; from <= kSteps.size(); ++from) {
        open(upTo(from)).reset();
        auto database = open(upTo(kSteps.size()));
        EXPECT_EQ(text(*database, "SELECT version FROM heddle_schema ORDER BY version"), "1 2 3 ");
        EXPECT_EQ(text(*database, "SELECT m FROM one"), "2 ");
        database.reset();
        std::filesystem::remove(dir_.file());
    }
}

TEST_F(MigrationsTest, AreRecordedWithTheirTime) {
    auto database = open(upTo(1));
    EXPECT_EQ(text(*database, "SELECT applied_at > 1700000000000000 FROM heddle_schema"), "1 ");
}

TEST_F(MigrationsTest, ANewerSchemaIsRefusedAndLeftAlone) {
    open(upTo(3)).reset();
    try {
        open(upTo(2));
        ADD_FAILURE() << "opened";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("schema version 3"));
        EXPECT_THAT(error.what(), HasSubstr("up to 2"));
    }
    auto database = open(upTo(3));
    EXPECT_EQ(text(*database, "SELECT version FROM heddle_schema ORDER BY version"), "1 2 3 ");
}

TEST_F(MigrationsTest, AStepThatFailsLeavesTheVersionBeforeIt) {
    auto options = upTo(2);
    options.migrations.push_back({3, "broken", "CREATE TABLE half (id INTEGER); SELECT * FROM nowhere"});
    EXPECT_THROW(open(options), sql::Error);
    auto database = open(upTo(3));
    EXPECT_EQ(text(*database, "SELECT name FROM sqlite_master WHERE name IN ('half', 'three')"), "three ");
}

TEST_F(MigrationsTest, OfTheStoreAreNumberedWithoutGaps) {
    int version = 0;
    for (const auto& migration : store::schema(sql::Dialect::kSqlite))
        EXPECT_EQ(migration.version, ++version);
    EXPECT_GT(version, 0);
}

// The released schemas: from each, the newest is reached and data is still there.
TEST_F(MigrationsTest, OfTheStoreRunFromEveryOlderVersion) {
    const auto all = store::schema(sql::Dialect::kSqlite);
    for (std::size_t from = 1; from <= all.size(); ++from) {
        const Thread thread = makeThread();
        sql::SqliteOptions old;
        old.migrations.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from));
        {
            auto database = open(old);
            auto job = [thread](Connection& db) -> Result<bool> {
                // What the first version's tables have; later columns must have defaults.
                const bool inserted =
                    db.run(
                        "INSERT INTO threads (uuid, created_at, updated_at, state_updated_at, status, "
                        "temporary,"
                        " metadata, config) VALUES ($1, 1, 2, 3, 'idle', 0, '{\"a\":{\"b\":1.0}}', '{}')",
                        thread.id.str()) == 1;
                db.run(
                    "INSERT INTO thread_states (thread, interrupts, state_values, state)"
                    " SELECT id, '{}', '{\"topic\":\"tea\"}', 'null' FROM threads");
                db.run(
                    "INSERT INTO items (ns, key, created_at, updated_at, value)"
                    " VALUES ($1, 'k', 1, 1, '{\"topic\":\"tea\"}')",
                    store::encodeNamespace(std::vector<std::string>{"a"}));
                db.run(
                    "INSERT INTO assistants (uuid, graph_id, name, config, context, metadata, version,"
                    " created_at, updated_at) VALUES ($1, 'agent', 'Agent', '{}', '{}', '{\"owner\":\"me\"}',"
                    " 1, 1, 1)",
                    thread.id.str());
                return inserted;
            };
            ASSERT_TRUE(*runToEnd(io_, database->write(job)));
        }
        auto database = open(withSchema());
        auto job = [thread](Connection& db) -> Result<std::string> {
            const auto found = store::findThread(db, thread.id);
            return found ? found->metadata.text() : "gone";
        };
        EXPECT_EQ(*runToEnd(io_, database->read(job)), "{\"a\":{\"b\":1.0}}");
        auto search = [](Connection& db) -> Result<std::int64_t> {
            store::ThreadQuery query;
            query.metadata = json("{\"a\":{\"b\":1}}");
            return store::countThreads(db, query);
        };
        // What is put in behind the back of the version that made it is not in the index.
        EXPECT_EQ(*runToEnd(io_, database->read(search)), from < 3 ? 1 : 0);
        auto by_values = [](Connection& db) -> Result<std::int64_t> {
            store::ThreadQuery query;
            query.values = json("{\"topic\":\"tea\"}");
            return store::countThreads(db, query);
        };
        EXPECT_EQ(*runToEnd(io_, database->read(by_values)), from < 4 ? 1 : 0);
        auto items = [](Connection& db) -> Result<std::int64_t> {
            store::ItemQuery query;
            query.filter = json("{\"topic\":\"tea\"}");
            return static_cast<std::int64_t>(store::searchItems(db, query, at(0))->size());
        };
        EXPECT_EQ(*runToEnd(io_, database->read(items)), from < 7 ? 1 : 0);
        auto assistants = [](Connection& db) -> Result<std::int64_t> {
            store::AssistantQuery query;
            query.metadata = json("{\"owner\":\"me\"}");
            return store::countAssistants(db, query);
        };
        EXPECT_EQ(*runToEnd(io_, database->read(assistants)), from < 7 ? 1 : 0);
        database.reset();
        std::filesystem::remove(dir_.file());
    }
}

}  // namespace
}  // namespace heddle::test
