// SPDX-License-Identifier: Apache-2.0
// Operations on runs that stateful and stateless paths share. `thread`: nothing on stateless paths.
#pragma once

#include "api/context.hpp"
#include "api/operation.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace heddle::api {

using RunResponse = boost::asio::awaitable<Result<http::Response>>;

// The request's own trace context; nothing when it has none or a malformed one, which W3C wants ignored.
std::optional<std::string> traceparentOf(const http::Request& request);

RunResponse createRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse streamRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse waitRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse getRun(Context& context, std::optional<ThreadId> thread, RunId id);
RunResponse joinRun(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);
RunResponse joinStream(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);
RunResponse cancelRun(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);
// POST /runs/cancel: by status, or by thread and ids.
RunResponse cancelRuns(Context& context, Call& call);

}  // namespace heddle::api
