// SPDX-License-Identifier: Apache-2.0
#include "app/health.hpp"

#include "config/api_keys.hpp"
#include "http/response_parser.hpp"
#include "webhook/url.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

namespace heddle::app {
namespace asio = boost::asio;

namespace {

using tcp = asio::ip::tcp;
constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLimit{5};
constexpr std::size_t kHeadMax = 16 * 1024;
constexpr std::size_t kBodyMax = 64 * 1024;

struct Asked {
    webhook::Url url;
    std::string host;  // of the request's Host
    std::string path;
    std::optional<Secret> key;
};

struct Answer {
    std::string problem = "no answer within 5 s";  // empty: there is one
    unsigned status = 0;
    std::string body;
};

std::string valueOf(const std::map<std::string, std::string>& environment, const std::string& name,
                    std::string otherwise) {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? std::move(otherwise) : found->second;
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos || host.starts_with('[') ? host : "[" + host + "]";
}

// Where a server with this environment listens.
std::string urlFrom(const std::map<std::string, std::string>& environment) {
    std::string host = valueOf(environment, "HEDDLE_HOST", "127.0.0.1");
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::" || host == "[::]") host = "::1";
    return "http://" + bracketed(host) + ":" + valueOf(environment, "PORT", "2024");
}

// A server with allowed hosts answers to no other name.
std::string hostFrom(const std::map<std::string, std::string>& environment, std::string otherwise) {
    const std::string allowed = valueOf(environment, "HEDDLE_ALLOWED_HOSTS", "");
    const std::string first = allowed.substr(0, allowed.find(','));
    return first.empty() || first == "*" ? std::move(otherwise) : first;
}

asio::awaitable<std::string> exchange(tcp::socket& socket, const Asked& asked, Answer& answer) {
    const std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: heddle\r\n{}\r\n",
                    asked.path, asked.host, asked.key ? "x-api-key: " + asked.key->reveal() + "\r\n" : "");
    const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(request), kWait);
    if (write_error) co_return write_error.message();

    http::ResponseParser parser(kHeadMax, kBodyMax);
    std::string pending;
    std::array<char, 4096> buffer{};
    auto state = http::ResponseParser::State::kNeedMore;
    while (state == http::ResponseParser::State::kNeedMore) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), kWait);
        if (error) {
            state = parser.finish();
            if (state != http::ResponseParser::State::kDone) co_return "the answer was cut";
            break;
        }
        pending.append(buffer.data(), size);
        std::string_view bytes(pending);
        state = parser.feed(bytes);
        pending.erase(0, pending.size() - bytes.size());
    }
    if (state != http::ResponseParser::State::kDone) co_return "this is no answer of Heddle";
    answer.status = parser.status();
    answer.body = parser.takeBody();
    co_return std::string();
}

asio::awaitable<void> ask(asio::io_context& loop, const Asked& asked, Answer& answer) {
    tcp::resolver resolver(loop);
    const auto [unknown, endpoints] =
        co_await resolver.async_resolve(asked.url.host, std::to_string(asked.url.port), kWait);
    if (unknown) {
        answer.problem = unknown.message();
        co_return;
    }
    tcp::socket socket(loop);
    const auto [refused, endpoint] = co_await asio::async_connect(socket, endpoints, kWait);
    if (refused) {
        answer.problem = refused.message();
        co_return;
    }
    answer.problem = co_await exchange(socket, asked, answer);
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
    const Asked asked{*url, call.url.empty() ? hostFrom(environment, own) : own, call.path, key};
    Answer answer;
    {
        asio::io_context loop{1};
        asio::co_spawn(loop, ask(loop, asked, answer), asio::detached);
        loop.run_for(kLimit);
    }
    if (!answer.problem.empty()) {
        fmt::print(stderr, "heddle: {} of {}: {}\n", asked.path, url->origin(), answer.problem);
        return 1;
    }
    fmt::print("{}\n", answer.body);
    if (answer.status == 200) return 0;
    fmt::print(stderr, "heddle: {} of {}: status {}\n", asked.path, url->origin(), answer.status);
    return 1;
}

}  // namespace heddle::app
