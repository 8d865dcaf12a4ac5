// SPDX-License-Identifier: Apache-2.0
// /assistants/{assistant_id}: the graph's drawing, schemas and subgraphs.
#include "api/context.hpp"
#include "api/operation.hpp"
#include "api/query_list.hpp"
#include "domain/graph_question.hpp"
#include "store/assistants.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

using What = GraphQuestion::What;

// Of the assistant with this id, or of the one that has the graph's name.
asio::awaitable<Result<GraphQuestion>> questionAbout(Context& context, Call& call, What what) {
    const std::string name(call.request.param("assistant_id"));
    const AssistantId id = AssistantId::parse(name).value_or(systemAssistantId(name));
    auto job = [id, name](sql::Connection& db) -> Result<Assistant> {
        auto assistant = store::findAssistant(db, id);
        if (!assistant) return noAssistant(name.substr(0, 100));
        return std::move(*assistant);
    };
    auto assistant = co_await context.db.read(std::move(job));
    if (!assistant) co_return assistant.error();
    GraphQuestion question;
    question.what = what;
    question.graph_id = std::move(assistant->graph_id);
    question.config = std::move(assistant->config);
    co_return question;
}

asio::awaitable<Result<http::Response>> answered(Context& context, GraphQuestion question) {
    const auto answer = co_await context.runs.describe(std::move(question));
    if (!answer) co_return answer.error();
    co_return http::Response::json(200, answer->text());
}

// Validated: true, false or a number.
std::optional<std::int64_t> depthOf(const http::Request& request) {
    const auto text = request.queryValue("xray").value_or("false");
    std::int64_t depth = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (error == std::errc() && end == text.data() + text.size()) return depth;
    const bool all = text.starts_with('t') || text.starts_with('T');
    return all ? std::nullopt : std::optional<std::int64_t>(0);
}

asio::awaitable<Result<http::Response>> draw(Context& context, Call& call) {
    auto question = co_await questionAbout(context, call, What::kDrawing);
    if (!question) co_return question.error();
    question->depth = depthOf(call.request);
    co_return co_await answered(context, std::move(*question));
}

asio::awaitable<Result<http::Response>> showSchemas(Context& context, Call& call) {
    auto question = co_await questionAbout(context, call, What::kSchemas);
    if (!question) co_return question.error();
    co_return co_await answered(context, std::move(*question));
}

asio::awaitable<Result<http::Response>> showSubgraphs(Context& context, Call& call) {
    auto question = co_await questionAbout(context, call, What::kSubgraphs);
    if (!question) co_return question.error();
    question->recurse = queryFlag(call.request, "recurse");
    const auto ns = call.request.param("namespace");
    if (!ns.empty()) question->ns = std::string(ns);
    co_return co_await answered(context, std::move(*question));
}

}  // namespace

void addAssistantGraphs(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    const std::string one = "/assistants/{assistant_id}";
    routes.add(Method::kGet, one + "/graph", Body::kNone, bind(draw));
    routes.add(Method::kGet, one + "/schemas", Body::kNone, bind(showSchemas));
    routes.add(Method::kGet, one + "/subgraphs", Body::kNone, bind(showSubgraphs));
    routes.add(Method::kGet, one + "/subgraphs/{namespace}", Body::kNone, bind(showSubgraphs));
}

}  // namespace heddle::api
