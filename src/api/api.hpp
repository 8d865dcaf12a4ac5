// SPDX-License-Identifier: Apache-2.0
// The HTTP API: routes requests to operations, validates them against the API document, maps Problems to
// HTTP.
#pragma once

#include "api/context.hpp"
#include "api/operation.hpp"
#include "api/origins.hpp"
#include "http/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace heddle::api {

// Loop thread only.
class Api final : private Routes {
  public:
    explicit Api(Context& context);

    // Answers every request; never throws.
    boost::asio::awaitable<http::Response> handle(http::Request& request);

  private:
    void add(http::Method method, std::string_view pattern, Body body, Action action) override;
    boost::asio::awaitable<http::Response> route(http::Request& request);
    boost::asio::awaitable<Result<RawJson>> readBody(http::Request& request, const Operation& operation,
                                                     Body body);
    boost::asio::awaitable<http::Response> answer(http::Request& request, const Operation& operation,
                                                  Body body, const Action& action);

    Context& context_;
    Origins origins_;
    http::Router router_;
};

}  // namespace heddle::api
