// SPDX-License-Identifier: Apache-2.0
#include "api/origins.hpp"

#include "api/problem.hpp"
#include "base/text.hpp"
#include "http/grammar.hpp"

#include <regex.h>

#include <algorithm>
#include <array>
#include <vector>

namespace heddle::api {
namespace {

constexpr std::string_view kMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
constexpr std::string_view kExposed =
    "content-location, location, x-pagination-next, x-pagination-total, x-request-id";
// CORS-safelisted request headers (Fetch standard): allowed whatever the list says.
constexpr std::array<std::string_view, 4> kSafeHeaders = {"accept", "accept-language", "content-language",
                                                          "content-type"};
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
    return std::ranges::any_of(
        list, [&](const std::string& item) { return item == "*" || isSameName(item, value); });
}

std::string joined(const std::vector<std::string>& list) {
    return listed(list, list.size());
}

std::string_view authorityOf(std::string_view origin) {
    const auto scheme_end = origin.find("://");
    return scheme_end == std::string_view::npos ? std::string_view() : origin.substr(scheme_end + 3);
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

Origins::Origins(const config::Config& config)
    : config_(config), cors_(config.http.cors ? &*config.http.cors : nullptr) {
    if (cors_ != nullptr && !cors_->allow_origin_regex.empty()) {
        pattern_ = std::make_unique<Pattern>(cors_->allow_origin_regex);
    }
}

Origins::~Origins() = default;

bool Origins::hostAllowed(std::string_view host) const {
    const std::string name = lowerCase(withoutPort(host));
    // A page that got hold of a key needs no trick with names.
    if (!config_.api_keys.empty()) return config_.allowed_hosts.empty() || has(config_.allowed_hosts, name);
    if (!config_.allowed_hosts.empty() && has(config_.allowed_hosts, name)) return true;
    if (!config_.webhooks.loopback_only) return config_.allowed_hosts.empty();
    return isLocalName(name) || name == lowerCase(config_.host) ||
           name == "[" + lowerCase(config_.host) + "]";
}

bool Origins::originAllowed(std::string_view origin) const {
    if (cors_ != nullptr) {
        return has(cors_->allow_origins, origin) || (pattern_ && pattern_->matches(std::string(origin)));
    }
    if (!config_.api_keys.empty()) return true;  // without a key nothing can be done
    return origin == kStudio || isLocalName(lowerCase(withoutPort(authorityOf(origin))));
}

// A page that this server's own address brought, perhaps over a proxy. That name must be one that the server
// answers to and no other: an attacker's own name can be made to lead here too (DNS rebinding).
bool Origins::isOwn(std::string_view origin, std::string_view host) const {
    const auto& names = config_.allowed_hosts;
    const bool named = names.empty() ? config_.webhooks.loopback_only : !has(names, "*");
    return named && isSameName(authorityOf(origin), host);
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
    // A browser hides the answer of a read from a foreign page. What changes something must not even be done:
    // a form, or a fetch that says its JSON is plain text, comes without a preflight.
    if (!changesState(request.method) || isOwn(*origin, *host)) return std::nullopt;
    if (!originAllowed(*origin)) return detailResponse(403, "Origin not allowed (see http.cors)");
    if (!methodAllowed(http::toString(request.method)))
        return detailResponse(403, "Method not allowed for other origins (see http.cors.allow_methods)");
    return std::nullopt;
}

bool Origins::methodAllowed(std::string_view method) const {
    return cors_ == nullptr || std::ranges::any_of(cors_->allow_methods, [&](const std::string& allowed) {
               return allowed == "*" || allowed == method;
           });
}

bool Origins::headersAllowed(std::string_view list) const {
    if (cors_ == nullptr) return true;
    while (!list.empty()) {
        const auto name = http::nextElement(list);
        const bool safe =
            std::ranges::any_of(kSafeHeaders, [&](auto known) { return isSameName(known, name); });
        if (!name.empty() && !safe && !has(cors_->allow_headers, name)) return false;
    }
    return true;
}

http::Response Origins::preflight(const http::Request& request, std::string_view origin) const {
    const auto asked = request.headers.get("access-control-request-headers").value_or("");
    std::vector<std::string> disallowed;
    if (!originAllowed(origin)) disallowed.emplace_back("origin");
    if (!methodAllowed(request.headers.get("access-control-request-method").value_or("")))
        disallowed.emplace_back("method");
    if (!headersAllowed(asked)) disallowed.emplace_back("headers");

    // `*` is no wildcard for requests with credentials (Fetch standard), so that names are listed always.
    const bool any_method = cors_ == nullptr || has(cors_->allow_methods, "*");
    const bool any_header = cors_ == nullptr || has(cors_->allow_headers, "*");
    std::string headers(asked);
    if (!any_header) headers = "Accept, Accept-Language, Content-Language, Content-Type";
    if (!any_header && !cors_->allow_headers.empty()) headers += ", " + joined(cors_->allow_headers);
    http::Response response;
    response.headers.set("content-type", "text/plain; charset=utf-8");
    response.headers.set("access-control-allow-methods",
                         any_method ? std::string(kMethods) : joined(cors_->allow_methods));
    if (!headers.empty()) response.headers.set("access-control-allow-headers", headers);
    response.headers.set("access-control-max-age", std::to_string(cors_ != nullptr ? cors_->max_age_s : 600));
    if (disallowed.empty() && request.headers.get("access-control-request-private-network")) {
        response.headers.set("access-control-allow-private-network", "true");
    }
    response.status = disallowed.empty() ? 200 : 400;
    response.body = disallowed.empty() ? "OK" : "Disallowed CORS " + joined(disallowed);
    return response;
}

void Origins::decorate(const http::Request& request, http::Response& response) const {
    response.headers.set("vary", "Origin");
    const auto origin = request.headers.get("origin");
    if (!origin || !originAllowed(*origin)) return;
    response.headers.set("access-control-allow-origin", std::string(*origin));
    const bool credentials = cors_ != nullptr && cors_->allow_credentials;
    if (credentials) response.headers.set("access-control-allow-credentials", "true");
    // With credentials "*" would be the name of a header.
    const bool ours = cors_ == nullptr || (credentials && has(cors_->expose_headers, "*"));
    const std::string exposed = ours ? std::string(kExposed) : joined(cors_->expose_headers);
    if (!exposed.empty()) response.headers.set("access-control-expose-headers", exposed);
}

}  // namespace heddle::api
