// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::http {
namespace {

Handler named(std::string name) {
    return [name](Request&) -> boost::asio::awaitable<Response> { co_return Response::json(200, name); };
}

Router threads() {
    Router router;
    for (const auto& [method, pattern] : std::vector<std::pair<Method, std::string>>{
             {Method::kGet, "/"},
             {Method::kGet, "/ok"},
             {Method::kPost, "/threads"},
             {Method::kGet, "/threads/{thread_id}"},
             {Method::kPatch, "/threads/{thread_id}"},
             {Method::kDelete, "/threads/{thread_id}"},
             {Method::kPost, "/threads/search"},
             {Method::kPost, "/threads/{thread_id}/runs"},
             {Method::kPost, "/threads/{thread_id}/runs/{run_id}/cancel"},
             {Method::kPost, "/threads/{thread_id}/runs/crons/{action}"},
         }) {
        router.add(method, pattern, named(pattern));
    }
    return router;
}

// "pattern name=value …", "405 allowed" or "404".
std::string found(const Router& router, Method method, std::string_view path) {
    const auto result = router.find(method, path);
    if (const auto* wrong = std::get_if<Router::WrongMethod>(&result)) return "405 " + wrong->allow;
    const auto* hit = std::get_if<Router::Found>(&result);
    if (hit == nullptr) return "404";
    std::string text(hit->pattern);
    for (const auto& [name, value] : hit->params) text += " " + name + "=" + value;
    return text;
}

struct Row {
    std::string name;
    Method method;
    std::string path;
    std::string expected;

    friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

class RouterTable : public ::testing::TestWithParam<Row> {};

TEST_P(RouterTable, Finds) {
    EXPECT_EQ(found(threads(), GetParam().method, GetParam().path), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, RouterTable,
    ::testing::Values(Row{"Root", Method::kGet, "/", "/"}, Row{"Literal", Method::kGet, "/ok", "/ok"},
                      Row{"Parameter", Method::kGet, "/threads/7", "/threads/{thread_id} thread_id=7"},
                      Row{"TwoParameters", Method::kPost, "/threads/a/runs/b/cancel",
                          "/threads/{thread_id}/runs/{run_id}/cancel thread_id=a run_id=b"},
                      Row{"LiteralBeforeParameter", Method::kPost, "/threads/search", "/threads/search"},
                      Row{"TheFirstLiteralDecides", Method::kPost, "/threads/a/runs/crons/cancel",
                          "/threads/{thread_id}/runs/crons/{action} thread_id=a action=cancel"},
                      Row{"ParameterWhenTheLiteralHasNotTheMethod", Method::kGet, "/threads/search",
                          "/threads/{thread_id} thread_id=search"},
                      Row{"HeadIsServedByGet", Method::kHead, "/ok", "/ok"},
                      Row{"WrongMethodNamesAllOfThePath", Method::kPut, "/threads/search",
                          "405 GET, HEAD, POST, PATCH, DELETE"},
                      Row{"HeadWithoutGet", Method::kHead, "/threads", "405 POST"},
                      Row{"UnknownMethod", Method::kOther, "/ok", "405 GET, HEAD"},
                      Row{"TrailingSlash", Method::kPost, "/threads/", "404"},
                      Row{"TrailingSlashAfterParameter", Method::kGet, "/threads/7/", "404"},
                      Row{"EmptyParameter", Method::kPost, "/threads//runs", "404"},
                      Row{"NotNormalised", Method::kGet, "/x/../ok", "404"},
                      Row{"CaseCounts", Method::kGet, "/OK", "404"},
                      Row{"LongerThanAnyPattern", Method::kGet, "/a/b/c/d/e/f/g/h/i", "404"},
                      Row{"NoPath", Method::kOptions, "*", "404"}, Row{"Empty", Method::kGet, "", "404"}),
    [](const auto& info) { return info.param.name; });

TEST(Router, RefusesASecondRouteOfTheSameShape) {
    Router router = threads();
    EXPECT_THROW(router.add(Method::kGet, "/threads/{id}", named("again")), std::logic_error);
    EXPECT_THROW(router.add(Method::kGet, "no-slash", named("bad")), std::logic_error);
}

TEST(Router, StaysUsableWhenMoved) {
    Router router = threads();
    const Router moved = std::move(router);
    EXPECT_EQ(found(moved, Method::kGet, "/threads/7"), "/threads/{thread_id} thread_id=7");
}

TEST(Router, WithoutRoutesFindsNothing) {
    EXPECT_EQ(found(Router(), Method::kGet, "/"), "404");
}

}  // namespace
}  // namespace heddle::http
