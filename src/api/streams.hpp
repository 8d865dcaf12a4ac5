// SPDX-License-Identifier: Apache-2.0
// Responses that last as long as a run: its events as SSE, or its outcome when it has ended.
#pragma once

#include "api/context.hpp"
#include "http/message.hpp"
#include "run/event_reader.hpp"
#include "run/live_run.hpp"

#include <memory>
#include <optional>
#include <string>

namespace heddle::api {

enum class WhenGone { kContinue, kCancel };

// Where a run is found: "/threads/{id}/runs/{id}", or "/runs/{id}" for stateless runs.
[[nodiscard]] std::string runLocation(const Run& run);

// `location`: runLocation(). Heartbeats every 5 s since the response began.
http::Response eventStream(Context& context, std::shared_ptr<run::LiveRun> live,
                           std::unique_ptr<run::EventReader> events, WhenGone when_gone,
                           std::string location);
// The stored events of a run that has ended.
http::Response storedStream(Context& context, std::unique_ptr<run::EventReader> events, std::string location);
// All runs of a thread: open until the client leaves or the thread goes.
http::Response threadStream(Context& context, std::unique_ptr<run::EventReader> events);
// A stream of a run that has ended already: only its error, if it failed.
http::Response endedStream(const run::Outcome& outcome, std::string location);

// Chunked: "\n" every 5 s, then the outcome.
http::Response outcomeWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live, WhenGone when_gone,
                                std::string location);
// `{}` once the run has ended.
http::Response cancelledWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live, std::string location);
http::Response endedOutcome(const run::Outcome& outcome, std::string location);

}  // namespace heddle::api
