// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace heddle::http {
namespace {

// Calls `use` with each segment of "/a/b"; "/" has one, empty segment. Stops when `use` says false.
template <class Use>
void eachSegment(std::string_view path, Use&& use) {
    path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        if (!use(path.substr(0, slash)) || slash == std::string_view::npos) return;
        path.remove_prefix(slash + 1);
    }
}

bool isParameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler) {
    if (pattern.empty() || pattern.front() != '/')
        throw std::logic_error("a route's pattern starts with '/'");
    auto route = std::make_unique<Route>();
    route->method = method;
    route->pattern = pattern;
    route->handler = std::move(handler);
    eachSegment(route->pattern, [&](std::string_view segment) {
        const bool parameter = isParameter(segment);
        route->segments.push_back({parameter ? segment.substr(1, segment.size() - 2) : segment, parameter});
        return true;
    });
    const auto count = route->segments.size();
    if (by_count_.size() <= count) by_count_.resize(count + 1);
    auto& routes = by_count_[count];
    for (const auto& other : routes) {
        if (other->method == method && other->shape() == route->shape()) {
            throw std::logic_error("two routes for " + std::string(toString(method)) + " " + route->pattern);
        }
    }
    // The most specific first: at the first place where two differ in kind, the literal wins.
    const auto after = std::ranges::find_if(routes, [&](const auto& other) { return route->before(*other); });
    routes.insert(after, std::move(route));
}

std::string Router::Route::shape() const {
    std::string text;
    for (const auto& segment : segments) {
        text += '/';
        text += segment.parameter ? std::string_view("{}") : segment.text;
    }
    return text;
}

bool Router::Route::before(const Route& other) const {
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (segments[i].parameter != other.segments[i].parameter) return !segments[i].parameter;
    }
    return false;
}

bool Router::Route::matches(const std::vector<std::string_view>& path) const {
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (segments[i].parameter ? path[i].empty() : path[i] != segments[i].text) return false;
    }
    return true;
}

std::variant<Router::Found, Router::WrongMethod, Router::NoRoute> Router::find(Method method,
                                                                               std::string_view path) const {
    if (path.empty() || path.front() != '/') return NoRoute{};
    const auto most = by_count_.size();
    std::vector<std::string_view> segments;
    segments.reserve(most);
    eachSegment(path, [&](std::string_view segment) {
        segments.push_back(segment);
        return segments.size() < most + 1;
    });
    if (segments.size() >= most) return NoRoute{};

    const Route* get = nullptr;    // serves HEAD when there is no own route
    const Route* first = nullptr;  // the most specific of any method
    for (const auto& route : by_count_[segments.size()]) {
        if (!route->matches(segments)) continue;
        if (route->method == method) return found(*route, segments);
        if (route->method == Method::kGet && get == nullptr) get = route.get();
        if (first == nullptr) first = route.get();
    }
    if (first == nullptr) return NoRoute{};
    if (method == Method::kHead && get != nullptr) return found(*get, segments);
    return WrongMethod{allowed(segments), first->pattern};
}

Router::Found Router::found(const Route& route, const std::vector<std::string_view>& path) {
    Found result{&route.handler, route.pattern, {}};
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (route.segments[i].parameter) result.params.emplace_back(route.segments[i].text, path[i]);
    }
    return result;
}

std::string Router::allowed(const std::vector<std::string_view>& path) const {
    std::set<Method> methods;
    for (const auto& route : by_count_[path.size()]) {
        if (!route->matches(path)) continue;
        methods.insert(route->method);
        if (route->method == Method::kGet) methods.insert(Method::kHead);
    }
    std::string text;
    for (const auto method : methods) {
        if (!text.empty()) text += ", ";
        text += toString(method);
    }
    return text;
}

}  // namespace heddle::http
