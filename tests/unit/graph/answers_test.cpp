// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/answers.hpp"

#include "domain/graph_question.hpp"

#include <gtest/gtest.h>

#include <set>

namespace heddle::graph {
namespace {

RawJson answer(char digit) {
    return RawJson::trusted(std::string(9, digit));
}

TEST(Answers, KeepsWhatWasAskedForLast) {
    Answers answers(30);  // three of ten bytes each
    for (const char key : {'1', '2', '3'}) answers.keep(std::string(1, key), answer(key));
    EXPECT_EQ(answers.bytes(), 30U);
    EXPECT_TRUE(answers.find("1"));
    answers.keep("4", answer('4'));
    EXPECT_FALSE(answers.find("2"));
    EXPECT_EQ(answers.find("1")->text(), "111111111");
    EXPECT_TRUE(answers.find("3"));
    EXPECT_TRUE(answers.find("4"));
    EXPECT_EQ(answers.bytes(), 30U);
}

TEST(Answers, KeepsNothingThatIsLargerThanAllMayBe) {
    Answers answers(12);
    answers.keep("1", answer('1'));
    answers.keep("large", answer('2'));
    EXPECT_TRUE(answers.find("1"));
    EXPECT_FALSE(answers.find("large"));
}

TEST(Answers, ForgetsAllWhenTheCodeIsNew) {
    Answers answers(100);
    answers.keep("1", answer('1'));
    answers.clear();
    EXPECT_FALSE(answers.find("1"));
    EXPECT_EQ(answers.bytes(), 0U);
    answers.keep("1", answer('2'));
    EXPECT_EQ(answers.find("1")->text(), "222222222");
}

TEST(GraphQuestion, EveryPartOfItMakesADifference) {
    std::vector<GraphQuestion> questions(8);
    questions[1].what = GraphQuestion::What::kSubgraphs;
    questions[2].graph_id = "other";
    questions[3].config = RawJson::trusted(R"({"a":1})");
    questions[4].depth = 1;
    questions[5].depth = std::nullopt;
    questions[6].ns = "child";
    questions[7].recurse = true;
    std::set<std::string> keys;
    for (const auto& question : questions) keys.insert(toKey(question));
    EXPECT_EQ(keys.size(), questions.size());
}

}  // namespace
}  // namespace heddle::graph
