// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/supervisor.hpp"

#include <algorithm>
#include <cstdint>

namespace heddle::graph {

std::vector<Supervisor::Action> Supervisor::step(const Event& event, microseconds now) {
    Actions out;
    std::visit([&](const auto& what) { on(what, now, out); }, event);
    return out;
}

std::optional<microseconds> Supervisor::wakeAt() const {
    if (!ping_at_) return deadline_;
    const microseconds at = std::min(*ping_at_, silent_at_);
    return deadline_ ? std::min(*deadline_, at) : at;
}

void Supervisor::on(const Start&, microseconds now, Actions& out) {
    if (state_ == State::kIdle) spawn(now, out);
}

void Supervisor::spawn(microseconds now, Actions& out) {
    state_ = State::kStarting;
    process_ = true;
    killed_ = false;
    deadline_ = now + times_.hello_max;
    out.push_back(Action::kSpawn);
}

void Supervisor::on(const SpawnFailed&, microseconds now, Actions& out) {
    process_ = false;
    gone(now, out);
}

void Supervisor::on(const Hello&, microseconds now, Actions& out) {
    if (state_ != State::kStarting) return;
    connected_ = true;
    state_ = State::kLoading;
    deadline_ = now + times_.load_max;
    ping_at_ = now + times_.ping_every;
    silent_at_ = now + times_.silence_max;
    out.push_back(Action::kLoad);
}

void Supervisor::on(const Loaded&, microseconds now, Actions& out) {
    if (state_ != State::kLoading) return;
    state_ = State::kReady;
    announced_ = true;
    ready_since_ = now;
    deadline_.reset();
    out.push_back(Action::kReady);
}

void Supervisor::on(const LoadFailed&, microseconds now, Actions& out) {
    if (state_ == State::kLoading) giveUp(now, out);
}

void Supervisor::on(const Disconnected&, microseconds now, Actions& out) {
    if (!connected_) return;
    connected_ = false;
    ping_at_.reset();
    reportLost(out);
    if (!process_) {
        gone(now, out);
    } else if (state_ != State::kStopping) {
        // It ends by itself now; its exit status says more than our kill would.
        state_ = State::kEnding;
        deadline_ = now + times_.leave_max;
    }
}

void Supervisor::on(const Exited&, microseconds now, Actions& out) {
    if (!process_) return;
    process_ = false;
    if (!connected_) {
        gone(now, out);
        return;
    }
    // Its last frames may still be in the socket: runs that it ended are not lost.
    if (state_ != State::kStopping) state_ = State::kDraining;
    ping_at_.reset();
    deadline_ = now + times_.drain_max;
}

void Supervisor::on(const Tick& tick, microseconds now, Actions& out) {
    if (deadline_ && now >= *deadline_) {
        overdue(now, out);
        return;
    }
    if (!ping_at_) return;
    silent_at_ = tick.last_heard + times_.silence_max;
    if (now >= silent_at_) {
        giveUp(now, out);
        return;
    }
    if (now >= *ping_at_) {
        ping_at_ = now + times_.ping_every;
        out.push_back(Action::kPing);
    }
}

void Supervisor::overdue(microseconds now, Actions& out) {
    deadline_.reset();
    switch (state_) {
        case State::kBackoff:
            spawn(now, out);
            return;
        case State::kStarting:
        case State::kLoading:
            giveUp(now, out);
            return;
        case State::kEnding:
            if (!killed_) {
                kill(now, out);
                return;
            }
            // A killed process that does not go hangs in the kernel; nothing it holds is ours any more.
            process_ = false;
            gone(now, out);
            return;
        case State::kDraining:
        case State::kStopping:
            if (connected_) out.push_back(Action::kClose);
            connected_ = false;
            reportLost(out);
            if (process_ && !killed_) {
                kill(now, out);
            } else {
                process_ = false;
                gone(now, out);
            }
            return;
        case State::kIdle:
        case State::kReady:
        case State::kStopped:
            return;
    }
}

void Supervisor::on(const Stop& stop, microseconds now, Actions& out) {
    if (state_ == State::kStopping || state_ == State::kStopped) return;
    const bool running = process_ && connected_ && state_ != State::kEnding;
    ping_at_.reset();
    state_ = State::kStopping;
    deadline_ = std::max(stop.deadline, now);
    if (running) {
        out.push_back(Action::kShutdown);
        return;
    }
    if (connected_) out.push_back(Action::kClose);
    connected_ = false;
    reportLost(out);
    if (process_) {
        kill(now, out);
    } else {
        gone(now, out);
    }
}

void Supervisor::kill(microseconds now, Actions& out) {
    killed_ = true;
    deadline_ = now + times_.kill_max;
    out.push_back(Action::kKill);
}

void Supervisor::giveUp(microseconds now, Actions& out) {
    if (connected_) out.push_back(Action::kClose);
    connected_ = false;
    ping_at_.reset();
    reportLost(out);
    state_ = State::kEnding;
    kill(now, out);
}

void Supervisor::gone(microseconds now, Actions& out) {
    ping_at_.reset();
    if (state_ == State::kStopping) {
        state_ = State::kStopped;
        deadline_.reset();
        out.push_back(Action::kStopped);
        return;
    }
    if (ready_since_ && now - *ready_since_ >= times_.stable) failures_ = 0;
    ready_since_.reset();
    const int doublings = std::min(failures_, 20);
    ++failures_;
    state_ = State::kBackoff;
    deadline_ = now + std::min(times_.backoff_max, times_.backoff_min * (std::int64_t{1} << doublings));
}

void Supervisor::reportLost(Actions& out) {
    if (announced_) out.push_back(Action::kLost);
    announced_ = false;
}

std::string_view toString(Supervisor::State state) {
    switch (state) {
        case Supervisor::State::kIdle:
            return "idle";
        case Supervisor::State::kStarting:
            return "starting";
        case Supervisor::State::kLoading:
            return "loading";
        case Supervisor::State::kReady:
            return "ready";
        case Supervisor::State::kDraining:
            return "draining";
        case Supervisor::State::kEnding:
            return "ending";
        case Supervisor::State::kBackoff:
            return "backoff";
        case Supervisor::State::kStopping:
            return "stopping";
        case Supervisor::State::kStopped:
            return "stopped";
    }
    return "?";
}

std::string_view toString(Supervisor::Action action) {
    switch (action) {
        case Supervisor::Action::kSpawn:
            return "spawn";
        case Supervisor::Action::kLoad:
            return "load";
        case Supervisor::Action::kReady:
            return "ready";
        case Supervisor::Action::kPing:
            return "ping";
        case Supervisor::Action::kShutdown:
            return "shutdown";
        case Supervisor::Action::kClose:
            return "close";
        case Supervisor::Action::kLost:
            return "lost";
        case Supervisor::Action::kKill:
            return "kill";
        case Supervisor::Action::kStopped:
            return "stopped";
    }
    return "?";
}

}  // namespace heddle::graph
