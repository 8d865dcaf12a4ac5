// SPDX-License-Identifier: Apache-2.0
#include "config/env_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(EnvFile, ReadsNamesAndValues) {
    const auto file = parseEnvFile(
        "# a comment\n"
        "\n"
        "PLAIN=value\n"
        "  SPACES = two words  \n"
        "export EXPORTED=yes\n"
        "EMPTY=\n"
        "COMMENTED=value # not part of it\n"
        "HASH=a#b\n"
        "URL=https://example.com/?a=b&c=d\r\n"
        "LAST=no newline");
    EXPECT_THAT(file.problems, IsEmpty());
    EXPECT_THAT(file.variables,
                ElementsAre(Pair("PLAIN", "value"), Pair("SPACES", "two words"), Pair("EXPORTED", "yes"),
                            Pair("EMPTY", ""), Pair("COMMENTED", "value"), Pair("HASH", "a#b"),
                            Pair("URL", "https://example.com/?a=b&c=d"), Pair("LAST", "no newline")));
}

TEST(EnvFile, ReadsQuotes) {
    const auto file = parseEnvFile(
        "SINGLE='a # \\n b'\n"
        "DOUBLE=\"a\\tb \\\"c\\\" \\\\ \\$x\" # comment\n"
        "LINES=\"first\nsecond\"\n"
        "AFTER=1\n");
    EXPECT_THAT(file.problems, IsEmpty());
    EXPECT_THAT(file.variables, ElementsAre(Pair("SINGLE", "a # \\n b"), Pair("DOUBLE", "a\tb \"c\" \\ $x"),
                                            Pair("LINES", "first\nsecond"), Pair("AFTER", "1")));
}

TEST(EnvFile, ExpandsNothing) {
    EXPECT_THAT(parseEnvFile("A=$HOME/${USER}`id`$(id)\nB=\"$HOME\"").variables,
                ElementsAre(Pair("A", "$HOME/${USER}`id`$(id)"), Pair("B", "$HOME")));
}

TEST(EnvFile, KeepsTheLastValueOfAName) {
    EXPECT_THAT(parseEnvFile("A=1\nB=2\nA=3").variables, ElementsAre(Pair("A", "3"), Pair("B", "2")));
}

TEST(EnvFile, SkipsAByteOrderMark) {
    EXPECT_THAT(parseEnvFile("\xEF\xBB\xBF"
                             "A=1")
                    .variables,
                ElementsAre(Pair("A", "1")));
}

TEST(EnvFile, NamesTheLineOfEachProblemAndNeverAValue) {
    const auto file =
        parseEnvFile("hunter2\n1A=hunter2\nA='x\ny'\nB=\"1\" hunter2\nC=ok\nD=\"hunter2\nE=1\n");
    EXPECT_THAT(file.problems,
                ElementsAre("line 1: expected NAME=value", "line 2: expected NAME=value",
                            "line 5: text after the closing quote", "line 7: the quote is never closed"));
    EXPECT_THAT(file.variables, ElementsAre(Pair("A", "x\ny"), Pair("C", "ok"), Pair("E", "1")));
}

}  // namespace
}  // namespace heddle::config
