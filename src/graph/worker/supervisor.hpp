// SPDX-License-Identifier: Apache-2.0
// When a worker process is started, pinged, given up and started again. A pure state machine: no process,
// socket or clock in here.
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace heddle::graph {

struct SupervisorTimes {
    microseconds hello_max = std::chrono::seconds(60);  // from the start of the process; imports come before
    microseconds load_max = std::chrono::seconds(120);
    microseconds ping_every = std::chrono::seconds(10);
    microseconds silence_max = std::chrono::seconds(35);  // without any frame: dead
    microseconds drain_max = std::chrono::seconds(2);     // to read what a process that has exited still sent
    microseconds leave_max = std::chrono::seconds(1);     // for a process whose connection ended, to exit
    microseconds kill_max = std::chrono::seconds(5);      // a killed process has gone by then
    microseconds backoff_min = std::chrono::milliseconds(100);
    microseconds backoff_max = std::chrono::seconds(30);
    microseconds stable =
        std::chrono::seconds(60);  // ready for so long: the next failure counts as the first
};

class Supervisor {
  public:
    enum class State {
        kIdle,      // before Start
        kStarting,  // the process runs and has not said hello
        kLoading,   // it imports graphs
        kReady,
        kDraining,  // the process has exited, its last frames are still being read
        kEnding,    // killed or about to exit, not yet gone
        kBackoff,   // gone; started again later
        kStopping,  // told to stop for good
        kStopped,
    };

    // What happened.
    struct Start {};
    struct SpawnFailed {};
    struct Hello {};  // the process connected, with the right token
    struct Loaded {};
    struct LoadFailed {};
    struct Disconnected {};  // end of the connection, for whatever reason
    struct Exited {};
    struct Tick {
        microseconds last_heard;  // when the last frame came
    };
    struct Stop {
        microseconds deadline;  // then it is killed
    };
    using Event =
        std::variant<Start, SpawnFailed, Hello, Loaded, LoadFailed, Disconnected, Exited, Tick, Stop>;

    // What to do, in this order.
    enum class Action {
        kSpawn,
        kLoad,   // send `load`
        kReady,  // runs may be sent
        kPing,
        kShutdown,  // send `shutdown`
        kClose,     // end the connection; it gives no Disconnected any more
        kLost,      // whatever ran on it is lost
        kKill,
        kStopped,  // for good
    };

    explicit Supervisor(SupervisorTimes times) : times_(times) {}

    // `now`: monotonic.
    std::vector<Action> step(const Event& event, microseconds now);
    // When to give the next Tick; nothing: never.
    [[nodiscard]] std::optional<microseconds> wakeAt() const;
    [[nodiscard]] State state() const { return state_; }
    // How many times in a row it failed, without a stable time between.
    [[nodiscard]] int failures() const { return failures_; }

  private:
    using Actions = std::vector<Action>;

    void on(const Start&, microseconds now, Actions& out);
    void on(const SpawnFailed&, microseconds now, Actions& out);
    void on(const Hello&, microseconds now, Actions& out);
    void on(const Loaded&, microseconds now, Actions& out);
    void on(const LoadFailed&, microseconds now, Actions& out);
    void on(const Disconnected&, microseconds now, Actions& out);
    void on(const Exited&, microseconds now, Actions& out);
    void on(const Tick& tick, microseconds now, Actions& out);
    void on(const Stop& stop, microseconds now, Actions& out);

    void spawn(microseconds now, Actions& out);
    void giveUp(microseconds now, Actions& out);  // close, report runs, kill; then back-off
    void gone(microseconds now, Actions& out);    // neither process nor connection is left
    void kill(microseconds now, Actions& out);
    void reportLost(Actions& out);
    void overdue(microseconds now, Actions& out);

    SupervisorTimes times_;
    State state_ = State::kIdle;
    bool process_ = false;
    bool killed_ = false;
    bool connected_ = false;
    bool announced_ = false;  // kReady was said and kLost was not
    int failures_ = 0;
    std::optional<microseconds> ready_since_;
    std::optional<microseconds> deadline_;  // of the state
    std::optional<microseconds> ping_at_;   // none: not connected
    microseconds silent_at_{0};             // with ping_at_: when the silence is too long
};

[[nodiscard]] std::string_view toString(Supervisor::State state);
[[nodiscard]] std::string_view toString(Supervisor::Action action);

}  // namespace heddle::graph
