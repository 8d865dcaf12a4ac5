// SPDX-License-Identifier: Apache-2.0
#include "graph/native/reduce.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace heddle::graph {
namespace {

std::string reduced(std::string_view state, std::string_view update) {
    const auto writes = reduce(JsonView::trusted(state), JsonView::trusted(update), {"log"});
    return writes ? writes->text() : writes.error().detail;
}

TEST(Reduce, OtherKeysAreReplaced) {
    EXPECT_EQ(reduced(R"({"a":1,"log":[1]})", R"({"a":2e5,"b":null})"), R"({"a":2e5,"b":null})");
}

TEST(Reduce, ListsGrow) {
    EXPECT_EQ(reduced(R"({"log":[1, 2]})", R"({"log":[3]})"), R"({"log":[1, 2,3]})");
    EXPECT_EQ(reduced(R"({})", R"({"log":[3]})"), R"({"log":[3]})");
    EXPECT_EQ(reduced(R"({"log":null})", R"({"log":[3]})"), R"({"log":[3]})");
    EXPECT_EQ(reduced(R"({"log":[ ]})", R"({"log":[ 3 ]})"), R"({"log":[  3 ]})");
    EXPECT_EQ(reduced(R"({"log":[1]})", R"({"log":[]})"), R"({"log":[1]})");
}

TEST(Reduce, OneValueIsAppendedToo) {
    EXPECT_EQ(reduced(R"({"log":[1]})", R"({"log":{"a":[2]}})"), R"({"log":[1,{"a":[2]}]})");
    EXPECT_EQ(reduced(R"({"log":[1]})", R"({"log":null})"), R"({"log":[1]})");
}

TEST(Reduce, NullWritesNothing) {
    EXPECT_EQ(reduced(R"({"log":[1]})", "null"), "{}");
}

TEST(Reduce, AStateWithoutAListIsAFault) {
    EXPECT_EQ(reduced(R"({"log":"text"})", R"({"log":[3]})"),
              R"(Cannot append to "log": the state has no list there)");
}

}  // namespace
}  // namespace heddle::graph
