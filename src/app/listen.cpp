// SPDX-License-Identifier: Apache-2.0
#include "app/listen.hpp"

#include "app/webhook_report.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "domain/webhook_secret.hpp"
#include "http/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

namespace heddle::app {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kLongestDelay = std::chrono::hours(1);
constexpr std::chrono::milliseconds kConnectionsEnd{200};

void say(const std::string& text) {
    fmt::print("{}", text);
    std::fflush(stdout);
}

// One receiver; loop thread only.
class Listener {
  public:
    Listener(const ListenCall& call, std::chrono::milliseconds delay, std::vector<Secret> keys)
        : status_(call.status),
          delay_(delay),
          keys_(std::move(keys)),
          http_(
              loop_.get_executor(), [this](http::Request& request) { return answer(request); },
              [](const http::Exchange&) {}),
          signals_(loop_, SIGTERM, SIGINT) {
        http::ServerOptions options;
        options.host = call.host;
        options.port = call.port;
        // Whatever Heddle may send.
        options.limits.body_bytes = limits::kWebhookBodyMost;
        options.limits.target_bytes = limits::kWebhookUrlChars * 3;
        options.limits.header_bytes = options.limits.target_bytes + limits::kHttpHeader;
        http_.listen(options);
        const bool bare_v6 = call.host.find(':') != std::string::npos && !call.host.starts_with('[');
        say(fmt::format("heddle listening http://{}{}{}:{}\n", bare_v6 ? "[" : "", call.host,
                        bare_v6 ? "]" : "", http_.port()));
    }

    void run() {
        http_.start();
        asio::co_spawn(loop_, stopOnSignal(), asio::detached);
        loop_.run();
    }

  private:
    asio::awaitable<http::Response> answer(http::Request& request) {
        const auto id = request.headers.get("webhook-id");
        const std::size_t before = id ? seen_.count(std::string(*id)) : 0;
        say(reportWebhook(request, keys_, before, clock_.now()));
        if (delay_.count() > 0) {
            asio::steady_timer timer(loop_, delay_);
            (void)co_await timer.async_wait(kWait);
        }
        http::Response response;
        response.status = status_;
        co_return response;
    }

    asio::awaitable<void> stopOnSignal() {
        (void)co_await signals_.async_wait(kWait);
        co_await http_.drain(kConnectionsEnd);
        loop_.stop();
    }

    unsigned status_;
    std::chrono::milliseconds delay_;
    std::vector<Secret> keys_;
    SystemClock clock_;
    SeenIds seen_;
    asio::io_context loop_{1};
    http::Server http_;
    asio::signal_set signals_;
};

}  // namespace

std::optional<std::chrono::milliseconds> parseDelay(std::string_view text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{} || !(number >= 0)) return std::nullopt;
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    double ms = 0;
    if (unit == "ms") {
        ms = number;
    } else if (unit == "s" || unit.empty()) {
        ms = number * 1000;
    } else if (unit == "m") {
        ms = number * 60'000;
    } else {
        return std::nullopt;
    }
    if (ms > static_cast<double>(kLongestDelay.count())) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

int listen(const ListenCall& call) {
    const auto delay = parseDelay(call.delay);
    if (!delay) {
        fmt::print(stderr, "heddle: --delay: expected a time up to an hour, as in 2s or 500ms\n");
        return 2;
    }
    std::vector<Secret> keys;
    for (const auto& text : call.secrets) {
        auto key = parseWebhookSecret(text);
        if (!key) {
            fmt::print(stderr, "heddle: --secret: {}\n", key.error().detail);
            return 2;
        }
        keys.push_back(*std::move(key));
    }
    std::signal(SIGPIPE, SIG_IGN);
    Listener(call, *delay, std::move(keys)).run();
    return 0;
}

}  // namespace heddle::app
