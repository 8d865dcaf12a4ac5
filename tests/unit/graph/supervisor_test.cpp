// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <vector>

namespace heddle::graph {

void PrintTo(Supervisor::Action action, std::ostream* out) {
    *out << toString(action);
}
void PrintTo(Supervisor::State state, std::ostream* out) {
    *out << toString(state);
}

namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Action = Supervisor::Action;
using State = Supervisor::State;

// Drives a supervisor through a story.
class Story {
  public:
    std::vector<Action> at(microseconds time, const Supervisor::Event& event) {
        now = time;
        return machine.step(event, now);
    }
    std::vector<Action> then(const Supervisor::Event& event) { return machine.step(event, now); }
    // Gives the tick that the machine asked for.
    std::vector<Action> wake(microseconds last_heard) {
        now = machine.wakeAt().value();
        return machine.step(Supervisor::Tick{last_heard}, now);
    }
    void becomeReady() {
        then(Supervisor::Start{});
        then(Supervisor::Hello{});
        then(Supervisor::Loaded{});
    }
    SupervisorTimes times;
    Supervisor machine{times};
    microseconds now = seconds(1000);
};

TEST(Supervisor, StartsAWorkerAndPingsIt) {
    Story story;
    EXPECT_THAT(story.then(Supervisor::Start{}), ElementsAre(Action::kSpawn));
    EXPECT_THAT(story.at(seconds(1001), Supervisor::Hello{}), ElementsAre(Action::kLoad));
    EXPECT_THAT(story.at(seconds(1002), Supervisor::Loaded{}), ElementsAre(Action::kReady));
    EXPECT_EQ(story.machine.state(), State::kReady);
    // Ten seconds after hello, and again.
    EXPECT_EQ(story.machine.wakeAt(), seconds(1011));
    EXPECT_THAT(story.wake(seconds(1002)), ElementsAre(Action::kPing));
    EXPECT_EQ(story.machine.wakeAt(), seconds(1021));
    EXPECT_THAT(story.wake(seconds(1011)), ElementsAre(Action::kPing));
}

TEST(Supervisor, ASilentWorkerIsGivenUpAfterExactlyTheLimit) {
    Story story;
    story.becomeReady();
    const microseconds heard = story.now;
    while (story.machine.state() == State::kReady) story.wake(heard);
    EXPECT_EQ(story.now, heard + story.times.silence_max);
    EXPECT_EQ(story.machine.state(), State::kEnding);
}

TEST(Supervisor, AWorkerThatAnswersItsPingsIsNeverGivenUp) {
    Story story;
    story.becomeReady();
    for (int i = 0; i < 1000; ++i) EXPECT_THAT(story.wake(story.now), ElementsAre(Action::kPing));
}

TEST(Supervisor, GivingUpClosesReportsAndKillsInThisOrder) {
    Story story;
    story.becomeReady();
    EXPECT_THAT(story.at(story.now + seconds(46), Supervisor::Tick{story.now}),
                ElementsAre(Action::kClose, Action::kLost, Action::kKill));
    // Its end leads to a back-off, and that to the next one.
    EXPECT_THAT(story.then(Supervisor::Exited{}), IsEmpty());
    EXPECT_EQ(story.machine.state(), State::kBackoff);
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kSpawn));
}

TEST(Supervisor, WithoutAHelloTheProcessIsKilled) {
    Story story;
    story.then(Supervisor::Start{});
    EXPECT_EQ(story.machine.wakeAt(), story.now + story.times.hello_max);
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kKill));
    EXPECT_EQ(story.machine.state(), State::kEnding);
}

TEST(Supervisor, ImportsMayTakeTwoMinutesButNotLonger) {
    Story story;
    story.then(Supervisor::Start{});
    story.then(Supervisor::Hello{});
    const microseconds loading = story.now;
    // Pings are answered while it imports.
    std::vector<Action> last;
    while (story.machine.state() == State::kLoading) last = story.wake(story.now);
    EXPECT_EQ(story.now, loading + story.times.load_max);
    EXPECT_THAT(last, ElementsAre(Action::kClose, Action::kKill));
}

TEST(Supervisor, AFailedLoadStartsTheWorkerAgain) {
    Story story;
    story.then(Supervisor::Start{});
    story.then(Supervisor::Hello{});
    EXPECT_THAT(story.then(Supervisor::LoadFailed{}), ElementsAre(Action::kClose, Action::kKill));
    story.then(Supervisor::Exited{});
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kSpawn));
}

TEST(Supervisor, TheLastFramesOfAnExitedProcessAreStillRead) {
    Story story;
    story.becomeReady();
    // The process is gone, but its connection has not come to its end.
    EXPECT_THAT(story.then(Supervisor::Exited{}), IsEmpty());
    EXPECT_EQ(story.machine.state(), State::kDraining);
    EXPECT_THAT(story.then(Supervisor::Disconnected{}), ElementsAre(Action::kLost));
    EXPECT_EQ(story.machine.state(), State::kBackoff);
}

TEST(Supervisor, AGrandchildThatHoldsTheConnectionDoesNotHoldUpTheRuns) {
    Story story;
    story.becomeReady();
    story.then(Supervisor::Exited{});
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kClose, Action::kLost));
    EXPECT_EQ(story.machine.state(), State::kBackoff);
}

TEST(Supervisor, AnEndedConnectionLosesTheRunsAndLetsTheProcessLeave) {
    Story story;
    story.becomeReady();
    EXPECT_THAT(story.then(Supervisor::Disconnected{}), ElementsAre(Action::kLost));
    // It does not leave.
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kKill));
    EXPECT_THAT(story.then(Supervisor::Exited{}), IsEmpty());
    EXPECT_EQ(story.machine.state(), State::kBackoff);
}

TEST(Supervisor, AProcessThatCannotBeKilledIsForgotten) {
    Story story;
    story.then(Supervisor::Start{});
    story.wake({});  // no hello: killed
    EXPECT_THAT(story.wake({}), IsEmpty());
    EXPECT_EQ(story.machine.state(), State::kBackoff);
}

TEST(Supervisor, BackOffDoublesUpToItsCap) {
    Story story;
    story.then(Supervisor::Start{});
    std::vector<std::int64_t> waits_ms;
    for (int i = 0; i < 12; ++i) {
        story.then(Supervisor::SpawnFailed{});
        waits_ms.push_back(
            std::chrono::duration_cast<milliseconds>(*story.machine.wakeAt() - story.now).count());
        EXPECT_THAT(story.wake({}), ElementsAre(Action::kSpawn));
    }
    EXPECT_THAT(waits_ms,
                ElementsAre(100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000));
}

TEST(Supervisor, AStableMinuteForgetsEarlierFailures) {
    Story story;
    story.then(Supervisor::Start{});
    for (int i = 0; i < 5; ++i) {
        story.then(Supervisor::SpawnFailed{});
        story.wake({});
    }
    story.then(Supervisor::Hello{});
    story.then(Supervisor::Loaded{});
    story.now += seconds(60);
    story.then(Supervisor::Disconnected{});
    story.then(Supervisor::Exited{});
    EXPECT_EQ(*story.machine.wakeAt() - story.now, story.times.backoff_min);
    EXPECT_EQ(story.machine.failures(), 1);
}

TEST(Supervisor, AWorkerThatDiesYoungWaitsLonger) {
    Story story;
    story.becomeReady();
    story.now += seconds(59);
    story.then(Supervisor::Disconnected{});
    story.then(Supervisor::Exited{});
    story.wake({});
    story.then(Supervisor::Hello{});
    story.then(Supervisor::Loaded{});
    story.then(Supervisor::Disconnected{});
    story.then(Supervisor::Exited{});
    EXPECT_EQ(*story.machine.wakeAt() - story.now, 2 * story.times.backoff_min);
}

TEST(Supervisor, StoppingAsksFirst) {
    Story story;
    story.becomeReady();
    EXPECT_THAT(story.then(Supervisor::Stop{story.now + seconds(5)}), ElementsAre(Action::kShutdown));
    EXPECT_THAT(story.then(Supervisor::Disconnected{}), ElementsAre(Action::kLost));
    EXPECT_THAT(story.then(Supervisor::Exited{}), ElementsAre(Action::kStopped));
    EXPECT_FALSE(story.machine.wakeAt());
}

TEST(Supervisor, StoppingKillsAtTheDeadline) {
    Story story;
    story.becomeReady();
    const microseconds deadline = story.now + seconds(5);
    story.then(Supervisor::Stop{deadline});
    EXPECT_THAT(story.wake({}), ElementsAre(Action::kClose, Action::kLost, Action::kKill));
    EXPECT_EQ(story.now, deadline);
    EXPECT_THAT(story.then(Supervisor::Exited{}), ElementsAre(Action::kStopped));
}

TEST(Supervisor, StoppingDuringTheBackOffIsImmediate) {
    Story story;
    story.then(Supervisor::Start{});
    story.then(Supervisor::SpawnFailed{});
    EXPECT_THAT(story.then(Supervisor::Stop{story.now + seconds(5)}), ElementsAre(Action::kStopped));
}

TEST(Supervisor, StoppingAnUnconnectedProcessKillsIt) {
    Story story;
    story.then(Supervisor::Start{});
    EXPECT_THAT(story.then(Supervisor::Stop{story.now + seconds(5)}), ElementsAre(Action::kKill));
    EXPECT_THAT(story.then(Supervisor::Exited{}), ElementsAre(Action::kStopped));
}

TEST(Supervisor, StoppingBeforeTheStartIsImmediate) {
    Story story;
    EXPECT_THAT(story.then(Supervisor::Stop{story.now}), ElementsAre(Action::kStopped));
}

}  // namespace
}  // namespace heddle::graph
