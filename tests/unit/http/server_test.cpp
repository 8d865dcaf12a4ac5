// SPDX-License-Identifier: Apache-2.0
// Requests and ordinary responses over real loopback sockets.
#include "http/server.hpp"

#include "unit/http/loopback.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <stdexcept>

namespace heddle::http::test {
namespace {

constexpr std::string_view kHost = "Host: h\r\n";

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(kHost) + "\r\n";
}

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    serveEcho();
    run([](ServerTest& test, std::uint16_t port, std::vector<Seen>& seen) -> awaitable<void> {
        static_cast<void>(test);
        RawPeer client = co_await RawPeer::connect(port);
        for (int i = 0; i < 3; ++i) {
            co_await client.send("POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.status, 200U);
            EXPECT_EQ(reply.body, "POST /a b hi");
            EXPECT_EQ(reply.header("content-type"), "application/json");
            EXPECT_EQ(reply.header("server"), "heddle");
            EXPECT_EQ(reply.header("date").size(), 29U);
            EXPECT_EQ(reply.header("connection"), "");
        }
        EXPECT_EQ(seen.size(), 3U);
        EXPECT_EQ(seen.back().path, "/a b");
        EXPECT_EQ(seen.back().status, 200U);
    }(*this, server_->port(), seen_));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        std::string all;
        for (int i = 0; i < 40; ++i) all += get("/" + std::to_string(i));
        co_await client.send(all);
        for (int i = 0; i < 40; ++i) {
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.body, "GET /" + std::to_string(i) + " ");
        }
    }(server_->port()));
}

TEST_F(ServerTest, TakesARequestByteByByte) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        client.socket().set_option(tcp::no_delay(true));
        const std::string text =
            "\r\nPOST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for (const char c : text) {
            co_await client.send(std::string(1, c));
            co_await asio::post(client.socket().get_executor(), asio::use_awaitable);
        }
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.body, "POST /slow abc");
    }(server_->port()));
}

TEST_F(ServerTest, TakesAndReturnsLargeBodies) {
    serve([](Request& request) -> awaitable<Response> {
        co_return Response::json(200, std::move(request.body));
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        std::string body(5 * 1024 * 1024, 'x');
        for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
        co_await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\n\r\n" + body);
        const Reply reply = co_await client.readReply();
        EXPECT_TRUE(reply.body == body);
        co_await client.send(get("/after"));
        const Reply after = co_await client.readReply();
        EXPECT_EQ(after.status, 200U);
    }(server_->port()));
}

TEST_F(ServerTest, SaysContinueBeforeABodyThatIsExpected) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        const std::string interim = co_await client.readUntil("\r\n\r\n");
        EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
        co_await client.send("hi");
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.body, "POST / hi");
    }(server_->port()));
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" + get("/y"));
        const std::string head = co_await client.readUntil("\r\n\r\n");
        EXPECT_NE(head.find("content-length: 8\r\n"), std::string::npos);
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.body, "GET /y ");
    }(server_->port()));
}

TEST_F(ServerTest, NoContentHasNeitherLengthNorBody) {
    serve([](Request&) -> awaitable<Response> { co_return Response::noContent(); });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(get("/"));
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.status, 204U);
        EXPECT_EQ(reply.header("content-length"), "");
        co_await client.send(get("/"));
        const Reply again = co_await client.readReply();
        EXPECT_EQ(again.status, 204U);
    }(server_->port()));
}

TEST_F(ServerTest, Http10ClosesUnlessAskedNotTo) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const Reply kept = co_await client.readReply();
        EXPECT_EQ(kept.header("connection"), "keep-alive");
        co_await client.send("GET /2 HTTP/1.0\r\n\r\n");
        const Reply last = co_await client.readReply();
        EXPECT_EQ(last.body, "GET /2 ");
        EXPECT_EQ(last.header("connection"), "close");
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
    }(server_->port()));
}

TEST_F(ServerTest, ClosesWhenTheClientOrTheResponseSaysSo) {
    serve([](Request& request) -> awaitable<Response> {
        Response response = Response::json(200, "{}");
        if (request.path == "/close") response.headers.set("Connection", "close");
        co_return response;
    });
    run([](std::uint16_t port) -> awaitable<void> {
        const std::string asking = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        for (const std::string& request : {get("/close"), asking}) {
            RawPeer client = co_await RawPeer::connect(port);
            co_await client.send(request);
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.header("connection"), "close");
            const bool ended = co_await client.readEnd();
            EXPECT_TRUE(ended);
        }
    }(server_->port()));
}

TEST_F(ServerTest, EveryResponseNamesItsRequest) {
    serveEcho();
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: my-id_1\r\n\r\n");
        const Reply own = co_await client.readReply();
        EXPECT_EQ(own.header("x-request-id"), "my-id_1");
        for (const std::string& bad : {std::string("two words"), std::string(129, 'x')}) {
            co_await client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: " + bad + "\r\n\r\n");
            const Reply made = co_await client.readReply();
            EXPECT_EQ(made.header("x-request-id").size(), 36U) << bad;
        }
        co_await client.send("nonsense\r\n\r\n");
        const Reply refused = co_await client.readReply();
        EXPECT_EQ(refused.status, 400U);
        EXPECT_EQ(refused.header("x-request-id").size(), 36U);
    }(server_->port()));
}

TEST_F(ServerTest, RefusalsAreJsonAndEndTheConnection) {
    ServerLimits limits;
    limits.body_bytes = 10;
    limits.target_bytes = 20;
    limits.linger = kPatience;
    serveEcho(limits);
    run([](std::uint16_t port, std::vector<Seen>& seen) -> awaitable<void> {
        const std::vector<std::pair<std::string, unsigned>> inputs{
            {"GET / HTTP/1.1\r\n\r\n", 400},
            {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
            {"GET /" + std::string(30, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
            {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(40'000, 'x') + "\r\n\r\n", 431},
            // The whole body is on its way: the answer must not be lost to a reset.
            {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x'), 413},
            {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", 413},
        };
        for (const auto& [input, status] : inputs) {
            RawPeer client = co_await RawPeer::connect(port);
            co_await client.send(input);
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.status, status);
            EXPECT_EQ(reply.body.substr(0, 11), R"({"detail":")");
            EXPECT_EQ(reply.header("connection"), "close");
            const bool ended = co_await client.readEnd();
            EXPECT_TRUE(ended);
        }
        EXPECT_EQ(seen.size(), inputs.size());
    }(server_->port(), seen_));
}

TEST_F(ServerTest, AHandlersExceptionIsA500ThatTellsNothing) {
    serve([](Request& request) -> awaitable<Response> {
        if (request.path == "/odd") throw 42;  // NOLINT
        if (request.path == "/bad") throw std::runtime_error("secret");
        co_return Response::json(200, "{}");
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        for (const auto* path : {"/bad", "/odd"}) {
            co_await client.send(get(path));
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.status, 500U);
            EXPECT_EQ(reply.body, R"({"detail":"Internal Server Error"})");
        }
        co_await client.send(get("/good"));
        const Reply good = co_await client.readReply();
        EXPECT_EQ(good.status, 200U);
    }(server_->port()));
}

TEST_F(ServerTest, ManyConnectionsAtOnce) {
    serveEcho();
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        std::vector<RawPeer> clients;
        for (int i = 0; i < 200; ++i) {
            RawPeer client = co_await RawPeer::connect(port);
            clients.push_back(std::move(client));
        }
        for (auto& client : clients) co_await client.send(get("/"));
        for (auto& client : clients) {
            const Reply reply = co_await client.readReply();
            EXPECT_EQ(reply.status, 200U);
        }
        EXPECT_EQ(server.connections(), 200U);
        clients.clear();
        const auto all_gone = [&server] { return server.connections() == 0; };
        const bool gone = co_await eventually(all_gone);
        EXPECT_TRUE(gone);
    }(server_->port(), *server_));
}

TEST_F(ServerTest, ListenErrorsNameTheAddress) {
    serveEcho();
    Server second(loop_.get_executor(), handler_, {});
    ServerOptions options;
    options.port = server_->port();
    try {
        second.listen(options);
        FAIL() << "two servers on one port";
    } catch (const boost::system::system_error& e) {
        EXPECT_EQ(std::string(e.what()),
                  "cannot listen on 127.0.0.1:" + std::to_string(options.port) + ": address already in use");
    }
    options.host = "example.com";
    EXPECT_THROW(second.listen(options), boost::system::system_error);
}

TEST_F(ServerTest, ListensOnIpv6AndLocalhost) {
    for (const std::string host : {"localhost", "::1", "[::1]"}) {
        Server server(loop_.get_executor(), {}, {});
        ServerOptions options;
        options.host = host;
        try {
            server.listen(options);
        } catch (const boost::system::system_error& e) {
            if (host != "localhost") GTEST_SKIP() << e.what();  // a machine without IPv6
            throw;
        }
        EXPECT_NE(server.port(), 0) << host;
    }
}

}  // namespace
}  // namespace heddle::http::test
