// SPDX-License-Identifier: Apache-2.0
#include "run/multitask.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace heddle::run {
namespace {

using Ended = graph::RunEnd::Status;

RunId id(std::uint8_t number) {
    Uuid::Bytes bytes{};
    bytes[15] = number;
    return RunId(Uuid(bytes));
}

const OpenRun kRunning{id(1), RunStatus::kRunning};
const OpenRun kPending{id(2), RunStatus::kPending};
const OpenRun kQueued{id(3), RunStatus::kPending};

struct MultitaskCase {
    const char* name;
    MultitaskStrategy strategy;
    std::vector<OpenRun> open;
    bool refused;
    std::vector<Superseded> superseded;
};

class Multitask : public ::testing::TestWithParam<MultitaskCase> {};

TEST_P(Multitask, DecidesByStrategyAndWhatIsOpen) {
    const auto decision = decideMultitask(GetParam().strategy, GetParam().open);
    EXPECT_EQ(decision.refused, GetParam().refused);
    EXPECT_EQ(decision.superseded, GetParam().superseded);
}

constexpr auto kStop = CancelAction::kInterrupt;
constexpr auto kBack = CancelAction::kRollback;

INSTANTIATE_TEST_SUITE_P(
    Table, Multitask,
    ::testing::Values(
        MultitaskCase{"EnqueueIdle", MultitaskStrategy::kEnqueue, {}, false, {}},
        MultitaskCase{"EnqueuePending", MultitaskStrategy::kEnqueue, {kPending}, false, {}},
        MultitaskCase{"EnqueueRunning", MultitaskStrategy::kEnqueue, {kRunning}, false, {}},
        MultitaskCase{
            "EnqueueSeveral", MultitaskStrategy::kEnqueue, {kRunning, kPending, kQueued}, false, {}},
        MultitaskCase{"RejectIdle", MultitaskStrategy::kReject, {}, false, {}},
        MultitaskCase{"RejectPending", MultitaskStrategy::kReject, {kPending}, true, {}},
        MultitaskCase{"RejectRunning", MultitaskStrategy::kReject, {kRunning}, true, {}},
        MultitaskCase{"RejectSeveral", MultitaskStrategy::kReject, {kRunning, kPending, kQueued}, true, {}},
        MultitaskCase{"InterruptIdle", MultitaskStrategy::kInterrupt, {}, false, {}},
        MultitaskCase{"InterruptPending",
                      MultitaskStrategy::kInterrupt,
                      {kPending},
                      false,
                      {{id(2), Stop::kAtOnce, kStop}}},
        MultitaskCase{"InterruptRunning",
                      MultitaskStrategy::kInterrupt,
                      {kRunning},
                      false,
                      {{id(1), Stop::kAskAttempt, kStop}}},
        MultitaskCase{"InterruptSeveral",
                      MultitaskStrategy::kInterrupt,
                      {kRunning, kPending, kQueued},
                      false,
                      {{id(1), Stop::kAskAttempt, kStop},
                       {id(2), Stop::kAtOnce, kStop},
                       {id(3), Stop::kAtOnce, kStop}}},
        MultitaskCase{"RollbackIdle", MultitaskStrategy::kRollback, {}, false, {}},
        MultitaskCase{"RollbackPending",
                      MultitaskStrategy::kRollback,
                      {kPending},
                      false,
                      {{id(2), Stop::kAtOnce, kBack}}},
        MultitaskCase{"RollbackRunning",
                      MultitaskStrategy::kRollback,
                      {kRunning},
                      false,
                      {{id(1), Stop::kAskAttempt, kBack}}},
        MultitaskCase{"RollbackSeveral",
                      MultitaskStrategy::kRollback,
                      {kRunning, kPending, kQueued},
                      false,
                      {{id(1), Stop::kAskAttempt, kBack},
                       {id(2), Stop::kAtOnce, kBack},
                       {id(3), Stop::kAtOnce, kBack}}}),
    [](const auto& info) { return info.param.name; });

TEST(Cancels, ARollbackIsNotTakenBackByAnInterrupt) {
    const Cancel soft{kStop, {"UserInterrupt", "first"}};
    const Cancel hard{kBack, {"UserRollback", "second"}};
    EXPECT_EQ(mergeCancels(std::nullopt, soft), soft);
    EXPECT_EQ(mergeCancels(soft, hard), hard);
    EXPECT_EQ(mergeCancels(hard, soft), hard);
    EXPECT_EQ(mergeCancels(soft, Cancel{kStop, {"UserInterrupt", "later"}}), soft);
}

struct AttemptCase {
    const char* name;
    Ended ended;
    std::optional<CancelAction> cancel;
    bool timed_out;
    std::int64_t failures;
    bool again;
    RunStatus status;
    std::size_t company = 1;
    bool failed = false;
};

class AttemptEnds : public ::testing::TestWithParam<AttemptCase> {};

TEST_P(AttemptEnds, MakeOfTheirRun) {
    AttemptFacts facts;
    facts.ended = GetParam().ended;
    if (GetParam().cancel) facts.cancel = Cancel{*GetParam().cancel, {"UserInterrupt", "asked"}};
    if (GetParam().timed_out) facts.timed_out = RunError{"TimeoutError", "late"};
    facts.failures = GetParam().failures;
    facts.company = GetParam().company;
    const auto verdict = judgeAttempt(facts);
    EXPECT_EQ(verdict.again, GetParam().again);
    EXPECT_EQ(verdict.failed, GetParam().failed);
    if (!verdict.again) EXPECT_EQ(verdict.status, GetParam().status);
    EXPECT_EQ(verdict.error.has_value(), !verdict.again && verdict.status != RunStatus::kSuccess);
}

constexpr auto kNoCancel = std::optional<CancelAction>();

INSTANTIATE_TEST_SUITE_P(
    Table, AttemptEnds,
    ::testing::Values(
        AttemptCase{"Success", Ended::kSuccess, kNoCancel, false, 0, false, RunStatus::kSuccess},
        AttemptCase{"SuccessBeforeTheCancel", Ended::kSuccess, kStop, false, 0, false, RunStatus::kSuccess},
        AttemptCase{"SuccessBeforeTheRollback", Ended::kSuccess, kBack, false, 0, false,
                    RunStatus::kRolledBack},
        AttemptCase{"SuccessBeforeTheLimit", Ended::kSuccess, kNoCancel, true, 0, false, RunStatus::kSuccess},
        AttemptCase{"Error", Ended::kError, kNoCancel, false, 0, false, RunStatus::kError},
        AttemptCase{"ErrorAfterTheCancel", Ended::kError, kStop, false, 0, false, RunStatus::kInterrupted},
        AttemptCase{"ErrorAfterTheLimit", Ended::kError, kNoCancel, true, 0, false, RunStatus::kTimeout},
        AttemptCase{"Cancelled", Ended::kInterrupted, kStop, false, 0, false, RunStatus::kInterrupted},
        AttemptCase{"RolledBack", Ended::kInterrupted, kBack, false, 0, false, RunStatus::kRolledBack},
        AttemptCase{"CancelledAndLate", Ended::kInterrupted, kStop, true, 0, false, RunStatus::kInterrupted},
        AttemptCase{"Late", Ended::kInterrupted, kNoCancel, true, 0, false, RunStatus::kTimeout},
        AttemptCase{"PutBack", Ended::kInterrupted, kNoCancel, false, 2, true, RunStatus::kPending},
        AttemptCase{"LostOnce", Ended::kLost, kNoCancel, false, 0, true, RunStatus::kPending, 1, true},
        AttemptCase{"LostInCompany", Ended::kLost, kNoCancel, false, 0, true, RunStatus::kPending, 8, true},
        AttemptCase{"LostInCompanyAgain", Ended::kLost, kNoCancel, false, 1, true, RunStatus::kPending, 2,
                    false},
        AttemptCase{"LostInCompanyAtTheLast", Ended::kLost, kNoCancel, false, 2, true, RunStatus::kPending, 2,
                    false},
        AttemptCase{"LostTooOften", Ended::kLost, kNoCancel, false, 2, false, RunStatus::kError},
        AttemptCase{"LostAndCancelled", Ended::kLost, kStop, false, 0, false, RunStatus::kInterrupted},
        AttemptCase{"LostAndRolledBack", Ended::kLost, kBack, false, 0, false, RunStatus::kRolledBack},
        AttemptCase{"Refused", Ended::kRefused, kNoCancel, false, 0, false, RunStatus::kError}),
    [](const auto& info) { return info.param.name; });

TEST(Narrowed, IsAQuarterAndInTheEndAlone) {
    EXPECT_EQ(narrowed(1000), 250U);
    EXPECT_EQ(narrowed(9), 2U);
    for (std::size_t few = 0; few < 8; ++few) EXPECT_EQ(narrowed(few), 1U) << few;
}

}  // namespace
}  // namespace heddle::run
