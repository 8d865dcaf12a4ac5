// SPDX-License-Identifier: Apache-2.0
// Path patterns to handlers.
#pragma once

#include "http/message.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heddle::http {

// Filled at start, then read only.
class Router {
  public:
    // `pattern`: "/threads/{thread_id}/runs". A literal segment wins over a parameter among the routes of a
    // method; HEAD is served by GET. Throws std::logic_error for a second route of the same method and shape.
    void add(Method method, std::string_view pattern, Handler handler);

    struct Found {
        const Handler* handler;
        std::string_view pattern;  // for metrics and logs; lives as long as the router
        std::vector<std::pair<std::string, std::string>> params;
    };
    struct WrongMethod {
        std::string allow;  // "GET, HEAD, POST"
        std::string_view pattern;
    };
    struct NoRoute {};

    // `path` is percent-decoded. A trailing slash is NoRoute. `allow` lists every method of the path, also
    // those of less specific patterns.
    [[nodiscard]] std::variant<Found, WrongMethod, NoRoute> find(Method method, std::string_view path) const;

  private:
    struct Segment {
        std::string_view text;  // into Route::pattern; of a parameter its name
        bool parameter;
    };
    struct Route {
        Method method = Method::kGet;
        std::string pattern;
        std::vector<Segment> segments;
        Handler handler;

        [[nodiscard]] std::string shape() const;
        [[nodiscard]] bool before(const Route& other) const;
        [[nodiscard]] bool matches(const std::vector<std::string_view>& path) const;
    };

    static Found found(const Route& route, const std::vector<std::string_view>& path);
    [[nodiscard]] std::string allowed(const std::vector<std::string_view>& path) const;

    std::vector<std::vector<std::unique_ptr<Route>>>
        by_count_;  // by number of segments, the most specific first
};

}  // namespace heddle::http
