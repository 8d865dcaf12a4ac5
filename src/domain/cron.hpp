// SPDX-License-Identifier: Apache-2.0
// A cron: a run that is created again and again, by a schedule.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

struct Cron {
    CronId id;
    AssistantId assistant;
    std::optional<ThreadId> thread;  // nothing: each run has a thread of its own
    std::string schedule;            // cron/schedule.hpp
    std::optional<std::string> timezone;
    std::optional<Timestamp> end_time;          // it does not fire after that
    bool keeps_threads = false;                 // those that its runs had of their own
    RawJson payload = RawJson::trusted("{}");   // of the run, as a client gave it
    RawJson metadata = RawJson::trusted("{}");  // of the cron itself
    bool enabled = true;
    std::optional<std::string> disabled_reason;  // when the server did it
    std::optional<Timestamp> next_run;           // nothing: it will not fire
    Timestamp created_at;
    Timestamp updated_at;
};

// One time at which a cron was due.
struct CronFiring {
    Timestamp slot;  // when it was due
    Timestamp fired_at;
    std::optional<RunId> run;  // nothing: none could be created, `error` says why
    std::optional<ThreadId> thread;
    std::optional<RunStatus> status;  // nothing: the run is gone
    std::optional<std::string> error;
};

// kNotFound.
[[nodiscard]] Problem noCron(std::string_view id);

// The payload with the cron's id in config.configurable, as it is shown.
[[nodiscard]] RawJson shownPayload(const Cron& cron);

}  // namespace heddle
