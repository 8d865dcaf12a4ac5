// SPDX-License-Identifier: Apache-2.0
// Both ends of loopback connections in one io_context, for tests. Nothing sleeps; every wait has a deadline.
#pragma once

#include "http/message.hpp"
#include "http/response_parser.hpp"
#include "http/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::http::test {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
inline constexpr milliseconds kPatience{5'000};

// Runs the loop until `work` has ended; fails the test when it does not within kPatience.
inline void runToEnd(asio::io_context& loop, awaitable<void> work) {
    bool is_done = false;
    std::exception_ptr thrown;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr error) {
        thrown = error;
        is_done = true;
        loop.stop();
    });
    loop.restart();
    loop.run_for(kPatience);
    if (thrown) std::rethrow_exception(thrown);
    ASSERT_TRUE(is_done) << "the test's coroutine did not end";
}

// Lets everything that is ready run; for "nothing happens" and "everything was torn down".
inline awaitable<void> pause(milliseconds time) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, time);
    co_await timer.async_wait(kTuple);
}

// Waits for `condition`, a millisecond at a time.
inline awaitable<bool> eventually(std::function<bool()> condition) {
    for (milliseconds waited{0}; waited < kPatience / 2; ++waited) {
        if (condition()) co_return true;
        co_await pause(milliseconds(1));
    }
    co_return false;
}

struct Reply {
    unsigned status = 0;
    Headers headers;
    std::string body;
    bool is_cut = false;  // the connection ended before the message did

    [[nodiscard]] std::string header(std::string_view name) const {
        const auto value = headers.get(name);
        return value ? std::string(*value) : std::string();
    }
};

// One end of a connection, byte for byte.
class RawPeer {
  public:
    explicit RawPeer(tcp::socket socket) : socket_(std::move(socket)) {}

    static awaitable<RawPeer> connect(std::uint16_t port) {
        const auto executor = co_await asio::this_coro::executor;
        tcp::socket socket(executor);
        const tcp::endpoint server(asio::ip::address_v4::loopback(), port);
        co_await socket.async_connect(server, asio::use_awaitable);
        co_return RawPeer(std::move(socket));
    }

    awaitable<void> send(std::string text) {
        const auto bytes = asio::buffer(std::as_const(text));
        const auto [ec, size] = co_await asio::async_write(socket_, bytes, kTuple);
        if (ec) is_broken_ = true;
    }

    // Everything up to and with `end`; what came if the peer ended before.
    awaitable<std::string> readUntil(std::string end) {
        while (input_.find(end) == std::string::npos) {
            const bool more = co_await readSome();
            if (!more) co_return std::exchange(input_, {});
        }
        const auto size = input_.find(end) + end.size();
        std::string text = input_.substr(0, size);
        input_.erase(0, size);
        co_return text;
    }

    // Exactly `size` bytes; what came if the peer ended before.
    awaitable<std::string> readBytes(std::size_t size) {
        while (input_.size() < size) {
            const bool more = co_await readSome();
            if (!more) break;
        }
        std::string text = input_.substr(0, size);
        input_.erase(0, text.size());
        co_return text;
    }

    // The next response; an interim one is left out.
    awaitable<Reply> readReply() {
        using State = ResponseParser::State;
        auto parser = std::make_unique<ResponseParser>(64 * 1024, 64 * 1024 * 1024);
        Reply reply;
        State state = State::kNeedMore;
        while (state == State::kNeedMore || state == State::kInformation) {
            if (state == State::kInformation)
                parser = std::make_unique<ResponseParser>(64 * 1024, 64 * 1024 * 1024);
            std::string_view bytes = input_;
            state = parser->feed(bytes);
            input_.erase(0, input_.size() - bytes.size());
            if (state != State::kNeedMore) continue;
            const bool more = co_await readSome();
            if (more) continue;
            reply.is_cut = parser->finish() != State::kDone;
            break;
        }
        reply.status = parser->status();
        reply.headers = parser->takeHeaders();
        reply.body = parser->takeBody();
        co_return reply;
    }

    // Waits for the other side's end and says whether nothing else came before it.
    awaitable<bool> readEnd() {
        const bool more = co_await readSome();
        co_return !more && input_.empty();
    }

    awaitable<bool> readSome() {
        std::string chunk(64 * 1024, '\0');
        const auto room = asio::buffer(chunk);
        const auto [ec, size] = co_await socket_.async_read_some(room, kTuple);
        input_.append(chunk, 0, size);
        co_return !ec;
    }

    // The end is sent, reading goes on.
    void endSending() { socket_.shutdown(tcp::socket::shutdown_send); }
    void close() { socket_.close(); }
    void reset() {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }
    [[nodiscard]] tcp::socket& socket() { return socket_; }
    [[nodiscard]] bool isBroken() const { return is_broken_; }

  private:
    tcp::socket socket_;
    std::string input_;
    bool is_broken_ = false;
};

// What of an exchange was reported.
struct Seen {
    Method method;
    std::string path;
    std::string request_id;
    unsigned status;
};

// A server on a free port whose handler the test writes.
class ServerTest : public ::testing::Test {
  protected:
    void serve(Handler handler, ServerLimits limits = {}) {
        handler_ = std::move(handler);
        server_.emplace(
            loop_.get_executor(), [this](Request& request) { return handler_(request); },
            [this](const Exchange& exchange) {
                seen_.push_back({exchange.method, std::string(exchange.target_path),
                                 std::string(exchange.request_id), exchange.status});
            });
        ServerOptions options;
        options.limits = limits;
        server_->listen(options);
        server_->start();
    }

    // Answers 200 with "METHOD path body".
    void serveEcho(ServerLimits limits = {}) {
        serve(
            [](Request& request) -> awaitable<Response> {
                co_return Response::json(
                    200, std::string(toString(request.method)) + " " + request.path + " " + request.body);
            },
            limits);
    }

    void run(awaitable<void> work) { runToEnd(loop_, std::move(work)); }

    // Declared first, so destroyed last.
    asio::io_context loop_{1};
    Handler handler_;
    std::vector<Seen> seen_;
    std::optional<Server> server_;
};

}  // namespace heddle::http::test
