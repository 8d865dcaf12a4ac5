// SPDX-License-Identifier: Apache-2.0
// Responses that last as long as a run: its events as SSE, or its outcome when it has ended.
#pragma once

#include "api/context.hpp"
#include "http/message.hpp"
#include "run/hub.hpp"

#include <memory>
#include <optional>
#include <string>

namespace heddle::api {

enum class WhenGone { kContinue, kCancel };

// Where a run is found: "/threads/{id}/runs/{id}", or "/runs/{id}" for stateless runs.
[[nodiscard]] std::string runLocation(const Run& run);

// `location`: runLocation(). Heartbeats every 5 s since the response began.
http::Response eventStream(Context& context, std::shared_ptr<run::LiveRun> live,
                           std::unique_ptr<run::Subscription> events, WhenGone when_gone,
                           std::string location);
// A stream of a run that has ended already: only its error, if it failed.
http::Response endedStream(const run::Outcome& outcome, std::string location);

// Chunked: "\n" every 5 s, then the outcome.
http::Response outcomeWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live, WhenGone when_gone,
                                std::string location);
// `{}` once the run has ended.
http::Response cancelledWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live, std::string location);
http::Response endedOutcome(const run::Outcome& outcome, std::string location);

}  // namespace heddle::api
