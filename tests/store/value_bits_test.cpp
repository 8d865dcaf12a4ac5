// SPDX-License-Identifier: Apache-2.0
#include "store/value_bits.hpp"

#include "store/harness.hpp"
#include "store/json_match.hpp"
#include "store/threads.hpp"

#include <bit>

namespace heddle::test {
namespace {

using sql::Connection;
using store::valueBits;
using store::wantedBits;

std::int64_t bits(const std::string& values) {
    return valueBits(json(values).view());
}

std::int64_t wanted(const std::string& part) {
    return wantedBits(json(part).view());
}

bool mayContain(const std::string& values, const std::string& part) {
    return (bits(values) & wanted(part)) == wanted(part);
}

std::string many(int count) {
    std::string out = "{";
    for (int i = 0; i < count; ++i) {
        out += (i > 0 ? R"(,"k)" : R"("k)") + std::to_string(i) + R"(":)" + std::to_string(i);
    }
    return out + "}";
}

TEST(ValueBits, AreTheSameForEver) {
    EXPECT_EQ(bits("{}"), 0);
    EXPECT_EQ(bits("null"), 0);
    EXPECT_EQ(bits(R"({"topic":"tea"})"), 0x0800'0080'0000'0020);
    EXPECT_EQ(bits(R"({"n":1})"), 0x0040'0000'a000'0000);
}

TEST(ValueBits, WhatContainsAPartHasAllItsBits) {
    const std::string long_text(300, 'x'), exact_text(254, 'x');
    std::string escaped;
    for (int i = 0; i < 254; ++i) escaped += "\\u0078";
    const std::vector<std::string> documents = {
        "null",
        "[1,2]",
        "{}",
        R"({"a":1})",
        R"({"a":1.0,"b":null})",
        R"({"a":1e0,"b":true,"c":{"d":1}})",
        R"({"a":)" + ("1." + std::string(2000, '0')) + "}",
        R"({"a":"1"})",
        R"({"a":2,"a":1})",
        R"({"a":[1],"c":{"d":1}})",
        R"({"\u0061":1,"e":"\u00e9"})",
        R"({"e":"é"})",
        R"({"l":")" + long_text + R"("})",
        R"({"l":")" + exact_text + R"("})",
        R"({"l":")" + escaped + R"("})",
        many(64),
        many(65),
        many(500),
        R"({"k7":7})",
        R"({"k499":499})",
    };
    int contained = 0;
    for (const auto& whole : documents) {
        for (const auto& part : documents) {
            if (!store::containsJson(json(whole).view(), json(part).view())) continue;
            if (!json(part).view().isObject()) continue;
            ++contained;
            EXPECT_TRUE(mayContain(whole, part)) << whole.substr(0, 80) << " contains " << part.substr(0, 80);
        }
    }
    EXPECT_EQ(contained, 60);
}

TEST(ValueBits, SayNoToNearlyAllOthers) {
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string values = R"({"topic":"topic-)" + std::to_string(i) + R"(","turns":)" +
                                   std::to_string(i) + R"(,"kind":"chat","done":false,"messages":[]})";
        wrong += mayContain(values, R"({"topic":"tea"})") ? 1 : 0;
    }
    EXPECT_LT(wrong, 30);
    EXPECT_LE(std::popcount(static_cast<std::uint64_t>(bits(many(1)))), 3);
}

using ThreadValuesTest = StoreTest;

TEST_P(ThreadValuesTest, ASearchFollowsTheValuesOfAThread) {
    const auto found = [this](const std::string& values, const std::string& sort_by = "updated_at") {
        return read([&](Connection& db) {
                   store::ThreadQuery query;
                   query.values = json(values);
                   query.sort_by = sort_by;
                   return store::searchThreads(db, query);
               })
            .total;
    };
    Thread thread = makeThread();
    const auto save = [&](const std::string& values) {
        thread.values = json(values);
        write([&](Connection& db) { store::saveThread(db, thread); });
    };
    write([&](Connection& db) { return store::insertThread(db, thread); });
    EXPECT_EQ(found(R"({"topic":"tea"})"), 0);
    save(R"({"topic":"tea","n":1})");
    for (const std::string sort_by :
         {"updated_at", "created_at", "status", "thread_id", "state_updated_at"}) {
        EXPECT_EQ(found(R"({"topic":"tea"})", sort_by), 1) << sort_by;
        EXPECT_EQ(found(R"({"topic":"tea","n":1.0})", sort_by), 1) << sort_by;
        EXPECT_EQ(found(R"({"topic":"tea","n":2})", sort_by), 0) << sort_by;
    }
    // Nothing but values changes them.
    thread.metadata = json(R"({"a":1})");
    thread.values = RawJson();
    write([&](Connection& db) { store::saveThreadHead(db, thread); });
    write([&](Connection& db) { store::patchThread(db, thread.id, json(R"({"b":1})").view(), at(5)); });
    write([&](Connection& db) { store::setThreadStatus(db, thread.id, ThreadStatus::kBusy, at(6)); });
    EXPECT_EQ(found(R"({"topic":"tea"})"), 1);
    save(R"({"topic":"coffee"})");
    EXPECT_EQ(found(R"({"topic":"tea"})"), 0);
    EXPECT_EQ(found(R"({"topic":"coffee"})"), 1);
    // What is not at the top is looked for by reading.
    save(R"({"deep":{"topic":"tea"},"list":[{"topic":"tea"}]})");
    EXPECT_EQ(found(R"({"deep":{"topic":"tea"}})"), 1);
    EXPECT_EQ(found(R"({"list":[{"topic":"tea"}]})"), 1);
    EXPECT_EQ(found(R"({"topic":"tea"})"), 0);
    save(many(100));
    EXPECT_EQ(found(R"({"k77":77})"), 1);
    EXPECT_EQ(found(R"({"k77":78})"), 0);
    write([&](Connection& db) { store::retireThread(db, thread.id); });
    EXPECT_EQ(found(R"({"k77":77})"), 0);
}

HEDDLE_BOTH_ENGINES(ThreadValuesTest);

}  // namespace
}  // namespace heddle::test
