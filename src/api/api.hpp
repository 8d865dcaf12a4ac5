// SPDX-License-Identifier: Apache-2.0
// The HTTP API: routes requests to operations, validates them against the API document, maps Problems to
// HTTP.
#pragma once

#include "api/context.hpp"
#include "api/gate.hpp"
#include "api/mount.hpp"
#include "api/operation.hpp"
#include "api/origins.hpp"
#include "http/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heddle::api {

// Loop thread only.
class Api final : private Routes {
  public:
    explicit Api(Context& context);

    // The keys of clients, from now on; see Gate::setKeys().
    bool setKeys(const std::vector<Secret>& keys) { return gate_.setKeys(keys); }

    // Answers every request; never throws.
    boost::asio::awaitable<http::Response> handle(http::Request& request);

  private:
    void add(http::Method method, std::string_view pattern, Body body, Action action) override;
    boost::asio::awaitable<http::Response> route(http::Request& request);
    boost::asio::awaitable<http::Response> perform(http::Request& request);
    using Found = std::variant<http::Router::Found, http::Router::WrongMethod, http::Router::NoRoute>;
    // Also turns the request's path into the one that the API's operations know.
    [[nodiscard]] Found find(http::Request& request) const;
    boost::asio::awaitable<Result<RawJson>> readBody(http::Request& request, const Operation& operation,
                                                     Body body);
    boost::asio::awaitable<http::Response> answer(http::Request& request, const Operation& operation,
                                                  Body body, const Action& action);

    Context& context_;
    Origins origins_;
    Mount mount_;
    Gate gate_;
    http::Router router_;
};

}  // namespace heddle::api
