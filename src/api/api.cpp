// SPDX-License-Identifier: Apache-2.0
#include "api/api.hpp"

#include "api/problem.hpp"
#include "api/selected_headers.hpp"
#include "base/log.hpp"
#include "base/offload.hpp"
#include "sql/connection.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// Above this a body is parsed on the offload thread.
constexpr std::size_t kInlineBody = 64 * 1024;

Result<RawJson> parseAndValidate(const Operation& operation, std::string text) {
    auto body = RawJson::parse(std::move(text));
    if (!body) return body.error();
    const auto valid = operation.validateBody(body->view());
    if (!valid) return valid.error();
    return std::move(*body);
}

}  // namespace

Api::Api(Context& context)
    : context_(context),
      origins_(context.config),
      mount_(context.config.http.mount_prefix),
      gate_(context.config.api_keys) {
    addSystem(*this, context);
    addAssistants(*this, context);
    addAssistantChanges(*this, context);
    addAssistantGraphs(*this, context);
    addAssistantVersions(*this, context);
    addThreads(*this, context);
    addThreadStates(*this, context);
    addThreadUpkeep(*this, context);
    addThreadStream(*this, context);
    addRuns(*this, context);
    addStatelessRuns(*this, context);
    addCrons(*this, context);
    addItems(*this, context);
    addWebhooks(*this, context);
}

void Api::add(http::Method method, std::string_view pattern, Body body, Action action) {
    if (!context_.document.serves(http::toString(method), pattern)) return;  // http.disable_*
    // Throws when the document does not have it: nothing is served that is not documented.
    const Operation& operation = context_.schemas.operation(http::toString(method), pattern);
    auto handler = [this, &operation, body, shared = std::make_shared<const Action>(std::move(action))](
                       http::Request& request) { return answer(request, operation, body, *shared); };
    router_.add(method, pattern, std::move(handler));
}

asio::awaitable<Result<RawJson>> Api::readBody(http::Request& request, const Operation& operation,
                                               Body body) {
    if (body == Body::kNone) co_return RawJson();
    if (body == Body::kOptional && request.body.empty()) request.body = "{}";
    if (request.body.size() <= kInlineBody) co_return parseAndValidate(operation, std::move(request.body));
    Result<RawJson> result = RawJson();
    auto work = [&] { result = parseAndValidate(operation, std::move(request.body)); };
    co_await offload(context_.loop, context_.offload, std::move(work));
    co_return result;
}

asio::awaitable<http::Response> Api::answer(http::Request& request, const Operation& operation, Body body,
                                            const Action& action) {
    const auto query = operation.validateQuery(request.query);
    if (!query) co_return problemResponse(query.error());
    auto json = co_await readBody(request, operation, body);
    if (!json) co_return problemResponse(json.error());
    Call call{request, std::move(*json)};
    auto response = co_await action(call);
    if (!response) co_return problemResponse(response.error());
    co_return std::move(*response);
}

Api::Found Api::find(http::Request& request) const {
    const auto path = mount_.inside(request.path);
    if (!path) return http::Router::NoRoute{};
    auto found = router_.find(request.method, *path);
    auto wanted = path;
    if (std::holds_alternative<http::Router::NoRoute>(found)) {
        // LangGraph's SDKs put a Location behind their base URL, and so the prefix twice.
        const auto again = mount_.inside(*path);
        if (again && *again != *path) found = router_.find(request.method, *(wanted = again));
    }
    if (wanted->size() != request.path.size()) {
        std::string own(*wanted);
        request.path = std::move(own);
    }
    return found;
}

asio::awaitable<http::Response> Api::route(http::Request& request) {
    const auto began = context_.clock.steady();
    const auto found = find(request);
    if (std::holds_alternative<http::Router::NoRoute>(found)) co_return detailResponse(404, "Not Found");
    if (const auto* wrong = std::get_if<http::Router::WrongMethod>(&found)) {
        auto response = detailResponse(405, "Method Not Allowed");
        response.headers.set("allow", wrong->allow);
        co_return response;
    }
    const auto& match = std::get<http::Router::Found>(found);
    request.params = match.params;
    auto response = co_await (*match.handler)(request);
    context_.metrics.route(http::toString(request.method), match.pattern)
        .finished(response.status, context_.clock.steady() - began);
    co_return response;
}

asio::awaitable<http::Response> Api::handle(http::Request& request) {
    request.logged = selectedHeaders(request.headers, context_.config.http.logging_headers);
    if (auto refused = origins_.judge(request)) {
        origins_.decorate(request, *refused);
        co_return std::move(*refused);
    }
    if (auto refused = gate_.judge(request, mount_.inside(request.path))) {
        origins_.decorate(request, *refused);
        co_return std::move(*refused);
    }
    std::string sent_path;
    if (!context_.config.http.mount_prefix.empty()) sent_path = request.path;
    auto response = co_await perform(request);
    if (!sent_path.empty()) request.path = std::move(sent_path);  // for the log
    mount_.relocate(response);
    origins_.decorate(request, response);
    co_return response;
}

asio::awaitable<http::Response> Api::perform(http::Request& request) {
    http::Response response;
    try {
        response = co_await route(request);
    } catch (const sql::Error& error) {
        log::error("http.storage_failed",
                   {{"request_id", request.request_id}, {"path", request.path}, {"error", error.what()}});
        const bool full = error.code() == sql::Error::Code::kFull;
        response = full ? problemResponse(Problem::unavailable("The server's disk is full"))
                        : detailResponse(500, "Internal Server Error");
    } catch (const std::exception& error) {
        log::error("http.failed",
                   {{"request_id", request.request_id}, {"path", request.path}, {"error", error.what()}});
        response = detailResponse(500, "Internal Server Error");
    }
    co_return response;
}

}  // namespace heddle::api
