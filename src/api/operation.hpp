// SPDX-License-Identifier: Apache-2.0
// What performs an API operation: a validated call in, a response or a Problem out.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace heddle::api {

// A request whose query and body the API document's schemas accepted.
struct Call {
    http::Request& request;
    RawJson body;  // null for operations without a body

    [[nodiscard]] JsonView json() const { return body.view(); }
};

// Performs an operation of the API document.
using Action = std::function<boost::asio::awaitable<Result<http::Response>>(Call&)>;

enum class Body {
    kNone,      // ignored if sent
    kOptional,  // empty counts as {}
    kRequired,  // must be JSON
};

// Where resources put their operations.
class Routes {
  public:
    virtual ~Routes() = default;
    virtual void add(http::Method method, std::string_view pattern, Body body, Action action) = 0;
};

struct Context;

// Makes Actions of functions (Context&, Call&), on this context.
inline auto binder(Context& context) {
    return [&context](auto* operation) {
        return [&context, operation](Call& call) { return operation(context, call); };
    };
}

void addAssistants(Routes& routes, Context& context);
void addAssistantChanges(Routes& routes, Context& context);
void addAssistantGraphs(Routes& routes, Context& context);
void addAssistantVersions(Routes& routes, Context& context);
void addThreads(Routes& routes, Context& context);
void addThreadStates(Routes& routes, Context& context);
void addThreadUpkeep(Routes& routes, Context& context);
void addThreadStream(Routes& routes, Context& context);
void addRuns(Routes& routes, Context& context);
void addCrons(Routes& routes, Context& context);
void addStatelessRuns(Routes& routes, Context& context);
void addWebhooks(Routes& routes, Context& context);
void addItems(Routes& routes, Context& context);
void addSystem(Routes& routes, Context& context);

// A path parameter that is a UUID, or kInvalid "Invalid thread ID: must be a UUID".
template <class IdType>
Result<IdType> pathId(const Call& call, std::string_view name, std::string_view what) {
    const auto id = IdType::parse(call.request.param(name));
    if (!id) return Problem::invalid("Invalid " + std::string(what) + " ID: must be a UUID");
    return *id;
}

}  // namespace heddle::api
