// SPDX-License-Identifier: Apache-2.0
#include "app/server_question.hpp"

#include "http/response_parser.hpp"

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
#include <string_view>

namespace heddle::app {
namespace asio = boost::asio;

namespace {

using tcp = asio::ip::tcp;
constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kHeadMax = 16 * 1024;
constexpr std::size_t kBodyMax = 64 * 1024;

asio::awaitable<std::string> exchange(tcp::socket& socket, const ServerQuestion& asked,
                                      ServerAnswer& answer) {
    const std::string request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: heddle\r\n{}\r\n", asked.path,
        asked.host_header, asked.key ? "x-api-key: " + asked.key->reveal() + "\r\n" : "");
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

asio::awaitable<void> ask(asio::io_context& loop, const ServerQuestion& asked, ServerAnswer& answer) {
    tcp::resolver resolver(loop);
    const auto [unknown, endpoints] =
        co_await resolver.async_resolve(asked.host, std::to_string(asked.port), kWait);
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

ServerAnswer askServer(const ServerQuestion& question) {
    ServerAnswer answer;
    answer.problem = fmt::format("no answer within {} s", question.limit.count());
    asio::io_context loop{1};
    asio::co_spawn(loop, ask(loop, question, answer), asio::detached);
    loop.run_for(question.limit);
    return answer;
}

}  // namespace heddle::app
