// SPDX-License-Identifier: Apache-2.0
#include "app/health.hpp"

#include "app/own_address.hpp"
#include "app/server_question.hpp"
#include "config/api_keys.hpp"
#include "webhook/url.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace heddle::app {
namespace {

std::string valueOf(const std::map<std::string, std::string>& environment, const std::string& name,
                    std::string otherwise) {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? std::move(otherwise) : found->second;
}

// Where a server with this environment listens.
std::string urlFrom(const std::map<std::string, std::string>& environment) {
    std::string host = valueOf(environment, "HEDDLE_HOST", "127.0.0.1");
    if (host == "[::]") host = "::";
    return "http://" + bracketed(ownHost(host)) + ":" + valueOf(environment, "PORT", "2024");
}

// A server with allowed hosts answers to no other name.
std::string hostFrom(const std::map<std::string, std::string>& environment, std::string otherwise) {
    const std::string allowed = valueOf(environment, "HEDDLE_ALLOWED_HOSTS", "");
    const std::string first = allowed.substr(0, allowed.find(','));
    return first.empty() || first == "*" ? std::move(otherwise) : first;
}

}  // namespace

int health(const HealthCall& call, const std::map<std::string, std::string>& environment) {
    const std::string text = call.url.empty() ? urlFrom(environment) : call.url;
    auto url = webhook::parseUrl(text);
    if (!url || url->relative || url->tls) {
        fmt::print(stderr, "heddle: --url: expected the server's own address, as in http://127.0.0.1:2024\n");
        return 2;
    }
    const std::string own = fmt::format("{}:{}", bracketed(url->host), url->port);
    // A key of the environment is this server's: nobody else is shown it.
    const auto key = call.url.empty() ? config::anyApiKey(environment) : std::nullopt;
    const auto host_header = call.url.empty() ? hostFrom(environment, own) : own;
    const auto answer = askServer({url->host, url->port, host_header, call.path, key});
    if (!answer.problem.empty()) {
        fmt::print(stderr, "heddle: {} of {}: {}\n", call.path, url->origin(), answer.problem);
        return 1;
    }
    fmt::print("{}\n", answer.body);
    if (answer.status == 200) return 0;
    fmt::print(stderr, "heddle: {} of {}: status {}\n", call.path, url->origin(), answer.status);
    return 1;
}

}  // namespace heddle::app
