// SPDX-License-Identifier: Apache-2.0
// Slow clients and too many of them. The limits are made small, so that they are met within the test.
#include "base/log.hpp"
#include "unit/http/loopback.hpp"

#include <sys/resource.h>

namespace heddle::http::test {
namespace {

using LimitsTest = ServerTest;

ServerLimits quick() {
    ServerLimits limits;
    limits.idle = milliseconds(150);
    limits.header_time = milliseconds(150);
    limits.linger = kPatience;
    return limits;
}

TEST_F(LimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
    serveEcho(quick());
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer fresh = co_await RawPeer::connect(port);
        const bool fresh_ended = co_await fresh.readEnd();
        EXPECT_TRUE(fresh_ended);

        RawPeer used = co_await RawPeer::connect(port);
        co_await used.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await used.readReply();
        const bool used_ended = co_await used.readEnd();
        EXPECT_TRUE(used_ended);
    }(server_->port()));
}

TEST_F(LimitsTest, EmptyLinesDoNotKeepAnIdleConnection) {
    serveEcho(quick());
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        const auto drip = [&client]() -> awaitable<void> {
            while (!client.isBroken()) {
                co_await client.send("\r\n");
                co_await pause(milliseconds(5));
            }
        };
        co_await drip();
        EXPECT_TRUE(client.isBroken());
    }(server_->port()));
}

TEST_F(LimitsTest, ASlowHeaderIs408) {
    ServerLimits limits = quick();
    limits.idle = kPatience;
    serveEcho(limits);
    run([](std::uint16_t port, std::vector<Seen>& seen) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET / HTTP/1.1\r\nHo");
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.status, 408U);
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
        EXPECT_EQ(seen.back().status, 408U);
    }(server_->port(), seen_));
}

TEST_F(LimitsTest, ABodyThatDripsIs408ButASteadyOneIsTaken) {
    ServerLimits limits = quick();
    limits.body_bytes_per_second = 1'000;
    serveEcho(limits);
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer slow = co_await RawPeer::connect(port);
        co_await slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\nx");
        const Reply refused = co_await slow.readReply();
        EXPECT_EQ(refused.status, 408U);

        // Longer than the header's time, but fast enough.
        RawPeer steady = co_await RawPeer::connect(port);
        co_await steady.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n");
        for (int i = 0; i < 3; ++i) {
            co_await steady.send(std::string(3'000, 'x'));
            co_await pause(milliseconds(120));
        }
        const Reply taken = co_await steady.readReply();
        EXPECT_EQ(taken.status, 200U);
    }(server_->port()));
}

TEST_F(LimitsTest, AnAnswerThatNobodyReadsIsGivenUp) {
    ServerLimits limits;
    limits.write_stall = milliseconds(40);
    serve([](Request&) -> awaitable<Response> { co_return Response::json(200, std::string(16 << 20, 'x')); },
          limits);
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        const auto all_gone = [&server] { return server.connections() == 0; };
        const bool gone = co_await eventually(all_gone);
        EXPECT_TRUE(gone);
    }(server_->port(), *server_));
}

TEST_F(LimitsTest, ALongHandlerIsNotGivenUp) {
    serve(
        [](Request&) -> awaitable<Response> {
            co_await pause(milliseconds(400));
            co_return Response::json(200, "{}");
        },
        quick());
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.status, 200U);
    }(server_->port()));
}

TEST_F(LimitsTest, ConnectionsBeyondTheBoundAreToldSo) {
    ServerLimits limits;
    limits.connections = 2;
    serveEcho(limits);
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        RawPeer first = co_await RawPeer::connect(port);
        RawPeer fresh = co_await RawPeer::connect(port);
        std::optional<RawPeer> second(std::move(fresh));
        RawPeer third = co_await RawPeer::connect(port);
        co_await third.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        const Reply refused = co_await third.readReply();
        EXPECT_EQ(refused.status, 503U);
        EXPECT_EQ(refused.header("retry-after"), "1");
        const bool ended = co_await third.readEnd();
        EXPECT_TRUE(ended);
        third.close();

        // Recovered: a connection that ends makes room.
        second.reset();
        const auto one_left = [&server] { return server.connections() == 1; };
        const bool room = co_await eventually(one_left);
        EXPECT_TRUE(room);
        RawPeer fourth = co_await RawPeer::connect(port);
        co_await fourth.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        const Reply served = co_await fourth.readReply();
        EXPECT_EQ(served.status, 200U);
    }(server_->port(), *server_));
}

TEST_F(LimitsTest, RecoversFromHavingNoDescriptorsLeft) {
    serveEcho();
    // UBSan checks the types that logging uses with the help of a pipe, once: not when there are no
    // descriptors.
    log::warning("test.descriptors", {{"error", "none will be left"}});
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    tcp::socket socket(loop_);
    socket.open(tcp::v4());
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(socket.native_handle()) + 1;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    run([](tcp::socket own, std::uint16_t port, rlimit more) -> awaitable<void> {
        const tcp::endpoint server(asio::ip::address_v4::loopback(), port);
        co_await own.async_connect(server, asio::use_awaitable);
        RawPeer client(std::move(own));
        co_await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await pause(milliseconds(20));
        setrlimit(RLIMIT_NOFILE, &more);
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.status, 200U);
    }(std::move(socket), server_->port(), before));
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(LimitsTest, FarBeyondTheBoundTheyAreJustClosed) {
    ServerLimits limits;
    limits.connections = 1;
    limits.linger = kPatience;
    serveEcho(limits);
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        std::vector<RawPeer> clients;
        for (int i = 0; i < 40; ++i) {
            RawPeer client = co_await RawPeer::connect(port);
            clients.push_back(std::move(client));
        }
        const bool last_ended = co_await clients.back().readEnd();
        EXPECT_TRUE(last_ended);
        EXPECT_EQ(server.connections(), 17U);
    }(server_->port(), *server_));
}

}  // namespace
}  // namespace heddle::http::test
