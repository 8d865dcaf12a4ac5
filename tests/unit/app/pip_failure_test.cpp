// SPDX-License-Identifier: Apache-2.0
#include "app/pip_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heddle::app {
namespace {

using testing::HasSubstr;

TEST(PipFailure, NamesTheRemedyOfWhatItKnows) {
    EXPECT_THAT(pipRemedy("error: externally-managed-environment\n\nx This environment…"),
                HasSubstr(".venv"));
    EXPECT_THAT(pipRemedy("ERROR: No matching distribution found for langraph"), HasSubstr("spelling"));
    EXPECT_THAT(pipRemedy("ERROR: ResolutionImpossible: for help visit"), HasSubstr("loosen"));
    EXPECT_THAT(pipRemedy("OSError: [Errno 28] No space left on device"), HasSubstr("disk is full"));
    EXPECT_EQ(pipRemedy("something nobody has seen"), "");
}

// An index that cannot be reached ends in "No matching distribution" too.
TEST(PipFailure, NamesTheCauseBeforeItsConsequence) {
    EXPECT_THAT(pipRemedy("Failed to establish a new connection: [Errno -2] Name or service not known\n"
                          "ERROR: No matching distribution found for langgraph\n"),
                HasSubstr("cannot be reached"));
}

TEST(PipFailure, KeepsTheLastLines) {
    EXPECT_EQ(lastLines("a\nb\nc\n", 2), "b\nc");
    EXPECT_EQ(lastLines("a\nb\nc", 1), "c");
    EXPECT_EQ(lastLines("a\nb\nc", 9), "a\nb\nc");
    EXPECT_EQ(lastLines("\na", 9), "\na");
    EXPECT_EQ(lastLines("", 3), "");
    EXPECT_EQ(lastLines("\n\n", 3), "");
    EXPECT_EQ(lastLines("red \x1b[31mtext\r\x7F", 1), "red [31mtext");
}

}  // namespace
}  // namespace heddle::app
