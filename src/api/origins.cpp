// SPDX-License-Identifier: Apache-2.0
#include "api/origins.hpp"

#include "api/problem.hpp"
#include "base/text.hpp"

#include <regex.h>

#include <algorithm>
#include <cctype>

namespace heddle::api {
namespace {

constexpr std::string_view kMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
constexpr std::string_view kExposed =
    "content-location, location, x-pagination-next, x-pagination-total, x-request-id";
constexpr std::string_view kStudio = "https://smith.langchain.com";

// "host:port" or "[v6]:port" without its port.
std::string_view withoutPort(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.rfind(':'));
}

bool isLocalName(std::string_view host) {
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool changesState(http::Method method) {
    return method != http::Method::kGet && method != http::Method::kHead && method != http::Method::kOptions;
}

bool has(const std::vector<std::string>& list, std::string_view value) {
    return std::ranges::any_of(list, [&](const std::string& item) { return item == "*" || item == value; });
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const auto& item : list) out += (out.empty() ? "" : ", ") + item;
    return out;
}

}  // namespace

// A POSIX extended regular expression that must match the whole origin.
class Origins::Pattern {
  public:
    explicit Pattern(const std::string& text) {
        usable_ = regcomp(&compiled_, ("^(" + text + ")$").c_str(), REG_EXTENDED | REG_NOSUB) == 0;
    }
    ~Pattern() {
        if (usable_) regfree(&compiled_);
    }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    [[nodiscard]] bool matches(const std::string& text) const {
        return usable_ && regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
    }

  private:
    regex_t compiled_{};
    bool usable_ = false;
};

Origins::Origins(const config::Config& config) : config_(config) {
    if (config.cors && !config.cors->allow_origin_regex.empty()) {
        pattern_ = std::make_unique<Pattern>(config.cors->allow_origin_regex);
    }
}

Origins::~Origins() = default;

bool Origins::hostAllowed(std::string_view host) const {
    const std::string name = lowerCase(withoutPort(host));
    if (!config_.allowed_hosts.empty() && has(config_.allowed_hosts, name)) return true;
    if (!config_.webhooks.loopback_only) return config_.allowed_hosts.empty();
    return isLocalName(name) || name == lowerCase(config_.host) ||
           name == "[" + lowerCase(config_.host) + "]";
}

bool Origins::originAllowed(std::string_view origin) const {
    if (config_.cors) {
        return has(config_.cors->allow_origins, origin) ||
               (pattern_ && pattern_->matches(std::string(origin)));
    }
    if (origin == kStudio) return true;
    const auto scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos) return false;
    return isLocalName(lowerCase(withoutPort(origin.substr(scheme_end + 3))));
}

std::optional<http::Response> Origins::judge(const http::Request& request) const {
    const auto host = request.headers.get("host");
    if (!host || !hostAllowed(*host)) {
        return detailResponse(421,
                              "Host not allowed: this server listens on loopback only (see --allowed-hosts)");
    }
    const auto origin = request.headers.get("origin");
    if (!origin) return std::nullopt;
    if (request.method == http::Method::kOptions && request.headers.get("access-control-request-method")) {
        return preflight(request, *origin);
    }
    if (!originAllowed(*origin) && !config_.cors && changesState(request.method)) {
        return detailResponse(403, "Origin not allowed (see http.cors)");
    }
    return std::nullopt;
}

http::Response Origins::preflight(const http::Request& request, std::string_view origin) const {
    http::Response response;
    response.headers.set("content-type", "text/plain; charset=utf-8");
    const auto method = request.headers.get("access-control-request-method").value_or("");
    const bool method_ok = !config_.cors || has(config_.cors->allow_methods, method);
    if (!originAllowed(origin) || !method_ok) {
        response.status = 400;
        response.body = std::string("Disallowed CORS ") + (originAllowed(origin) ? "method" : "origin");
        return response;
    }
    const auto asked = request.headers.get("access-control-request-headers").value_or("");
    std::string headers(asked);
    if (config_.cors && !has(config_.cors->allow_headers, "*")) headers = joined(config_.cors->allow_headers);
    response.headers.set("access-control-allow-methods",
                         config_.cors && !has(config_.cors->allow_methods, "*")
                             ? joined(config_.cors->allow_methods)
                             : std::string(kMethods));
    if (!headers.empty()) response.headers.set("access-control-allow-headers", headers);
    response.headers.set("access-control-max-age",
                         std::to_string(config_.cors ? config_.cors->max_age_s : 600));
    if (request.headers.get("access-control-request-private-network")) {
        response.headers.set("access-control-allow-private-network", "true");
    }
    response.body = "OK";
    return response;
}

void Origins::decorate(const http::Request& request, http::Response& response) const {
    response.headers.set("vary", "Origin");
    const auto origin = request.headers.get("origin");
    if (!origin || !originAllowed(*origin)) return;
    response.headers.set("access-control-allow-origin", std::string(*origin));
    if (config_.cors && config_.cors->allow_credentials) {
        response.headers.set("access-control-allow-credentials", "true");
    }
    const std::string exposed = config_.cors ? joined(config_.cors->expose_headers) : std::string(kExposed);
    if (!exposed.empty()) response.headers.set("access-control-expose-headers", exposed);
}

}  // namespace heddle::api
