// SPDX-License-Identifier: Apache-2.0
// The header Idempotency-Key of requests that create a run.
#pragma once

#include "api/context.hpp"
#include "api/operation.hpp"
#include "domain/idempotency.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string_view>

namespace heddle::api {

// Nothing when the request has none; kInvalid for one that is empty or too long. `kind`: what the request
// does
// ("create", "stream", "wait"); with the thread and the body's bytes it makes the request what it is.
boost::asio::awaitable<Result<std::optional<IdempotencyKey>>> idempotencyKeyOf(
    Context& context, const Call& call, std::string_view kind, std::optional<ThreadId> thread);

// The same request came again: makes it the request that joins the run it made the first time ("join" or
// "stream"), with what its body says about disconnecting, and all events where they are kept.
void turnIntoJoin(Call& call, const Run& run, std::string_view how);

// Says on a response that nothing was created.
void markReplayed(http::Response& response);

}  // namespace heddle::api
