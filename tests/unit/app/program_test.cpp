// SPDX-License-Identifier: Apache-2.0
// Real programs; none waits for time to pass.
#include "app/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace heddle::app {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

ProgramCall shell(const std::string& script) {
    ProgramCall call;
    call.command = {"/bin/sh", "-c", script};
    call.environment = {"PATH=/usr/bin:/bin"};
    return call;
}

TEST(Program, GivesBothOutputsAndTheStatus) {
    const auto end = runProgram(shell("echo out; echo err >&2; exit 3")).value();
    EXPECT_EQ(end.status, 3);
    EXPECT_EQ(end.output, "out\n");
    EXPECT_EQ(end.errors, "err\n");
    EXPECT_FALSE(end.late);
}

TEST(Program, ReadsItsInputAndHasOnlyItsEnvironment) {
    auto call = shell("cat; echo $HOME:$PATH; pwd");
    call.input = std::string(300'000, 'x') + "\n";  // more than a pipe holds
    call.directory = "/usr";
    EXPECT_EQ(runProgram(call).value().output, call.input + ":/usr/bin:/bin\n/usr\n");
}

TEST(Program, MayLeaveItsInput) {
    auto call = shell("exec true");
    call.input = std::string(300'000, 'x');
    EXPECT_EQ(runProgram(call).value().status, 0);
}

TEST(Program, TellsLinesAsTheyCome) {
    std::vector<std::string> lines;
    auto call = shell("printf 'a\\nb'; printf 'c\\n\\n'; echo d >&2");
    call.on_line = [&](std::string_view line) { lines.emplace_back(line); };
    ASSERT_EQ(runProgram(call).value().status, 0);
    EXPECT_THAT(lines, UnorderedElementsAre("a", "bc", "", "d"));
}

TEST(Program, KeepsTheEndOfALongOutput) {
    const auto end = runProgram(shell("head -c 5000000 /dev/zero | tr '\\0' x; echo end")).value();
    EXPECT_LT(end.output.size(), 3U << 20);
    EXPECT_TRUE(end.output.ends_with("xend\n"));
}

TEST(Program, SaysWhySomethingCannotBeStarted) {
    ProgramCall call;
    call.command = {"/nowhere/python"};
    EXPECT_THAT(runProgram(call).error().detail, HasSubstr("cannot start /nowhere/python: No such file"));
}

TEST(Program, TellsASignalLikeAShell) {
    EXPECT_EQ(runProgram(shell("kill -9 $$")).value().status, 128 + 9);
}

TEST(Program, IsEndedAtTheLimitWithWhatItStarted) {
    auto call = shell("sleep 1000 & echo $!; wait");
    call.limit = std::chrono::milliseconds(0);
    const auto end = runProgram(call).value();
    EXPECT_TRUE(end.late);
    EXPECT_EQ(end.status, 128 + SIGKILL);
}

TEST(Program, IsEndedByASignalToUs) {
    const HeldSignals held;
    ::kill(::getpid(), SIGTERM);
    EXPECT_THROW((void)runProgram(shell("sleep 1000")), Interrupted);
    EXPECT_NO_THROW(HeldSignals::check());  // it was taken
    ::kill(::getpid(), SIGINT);
    EXPECT_THROW(HeldSignals::check(), Interrupted);
}

TEST(Program, IsFoundInPath) {
    EXPECT_EQ(findProgram("/bin/sh"), "/bin/sh");
    EXPECT_THAT(findProgram("sh"), HasSubstr("/sh"));
    EXPECT_EQ(findProgram("heddle-no-such-program"), "");
    EXPECT_EQ(findProgram("/usr"), "");
}

}  // namespace
}  // namespace heddle::app
