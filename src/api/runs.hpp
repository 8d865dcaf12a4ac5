// SPDX-License-Identifier: Apache-2.0
// Operations on runs that stateful and stateless paths share. `thread`: nothing on stateless paths.
#pragma once

#include "api/context.hpp"
#include "api/operation.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace heddle::api {

using RunResponse = boost::asio::awaitable<Result<http::Response>>;

RunResponse createRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse streamRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse waitRun(Context& context, Call& call, std::optional<ThreadId> thread);
RunResponse getRun(Context& context, std::optional<ThreadId> thread, RunId id);
RunResponse joinRun(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);
RunResponse joinStream(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);
RunResponse cancelRun(Context& context, Call& call, std::optional<ThreadId> thread, RunId id);

}  // namespace heddle::api
