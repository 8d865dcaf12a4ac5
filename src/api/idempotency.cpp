// SPDX-License-Identifier: Apache-2.0
#include "api/idempotency.hpp"

#include "api/streams.hpp"
#include "base/limits.hpp"
#include "base/offload.hpp"
#include "base/sha256.hpp"

#include <string>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kInlineBody = 64 * 1024;  // above this the digest is made on the offload thread

}  // namespace

asio::awaitable<Result<std::optional<IdempotencyKey>>> idempotencyKeyOf(Context& context, const Call& call,
                                                                        std::string_view kind,
                                                                        std::optional<ThreadId> thread) {
    const auto given = call.request.headers.get("idempotency-key");
    if (!given) co_return std::optional<IdempotencyKey>();
    if (given->empty() || given->size() > limits::kIdempotencyKey) {
        co_return Problem::invalid("Idempotency-Key: must have 1 to " +
                                   std::to_string(limits::kIdempotencyKey) + " characters");
    }
    IdempotencyKey key;
    key.key = std::string(*given);
    const std::string thread_id = thread ? thread->str() : "";
    const std::string_view body = call.body.text();
    auto digest = [&key, kind, &thread_id, body] { key.digest = sha256({kind, " ", thread_id, " ", body}); };
    if (body.size() <= kInlineBody) {
        digest();
    } else {
        co_await offload(context.loop, context.offload, digest);
    }
    co_return std::optional<IdempotencyKey>(std::move(key));
}

void turnIntoJoin(Call& call, const Run& run, std::string_view how) {
    http::Request& request = call.request;
    request.path = runLocation(run) + "/" + std::string(how);
    const auto disconnect = call.json().get("on_disconnect");
    const bool cancels = disconnect && disconnect->string() == "cancel";
    request.query.clear();
    if (cancels) request.query.emplace_back("cancel_on_disconnect", "true");
    const bool everything = run.kwargs.resumable && !request.headers.get("last-event-id");
    if (everything) request.headers.set("last-event-id", "-1");
}

void markReplayed(http::Response& response) {
    response.headers.set("idempotent-replayed", "true");
}

}  // namespace heddle::api
