// SPDX-License-Identifier: Apache-2.0
// Responses that are made while they are sent.
#include "unit/http/loopback.hpp"

#include <boost/asio/steady_timer.hpp>

#include <stdexcept>

namespace heddle::http::test {
namespace {

constexpr std::string_view kGet = "GET /s HTTP/1.1\r\nHost: h\r\n\r\n";

Response streaming(StreamBody body) {
    Response response;
    response.headers.set("content-type", "text/event-stream");
    response.stream = std::move(body);
    return response;
}

// What a stream that waits for its client's end saw.
struct Witness {
    int gone_calls = 0;
    bool ended = false;
    bool last_write = true;
};

// Writes "first", then waits until the client has gone.
Handler waitForGone(Witness& witness, ClientEnd client_end = ClientEnd::kGone) {
    return [&witness, client_end](Request&) -> awaitable<Response> {
        Response response = streaming([&witness](StreamWriter& writer) -> awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            asio::steady_timer timer(executor, kPatience);
            writer.onGone([&] {
                ++witness.gone_calls;
                timer.cancel();
            });
            const bool written = co_await writer.write("first");
            EXPECT_TRUE(written);
            co_await timer.async_wait(kTuple);
            const bool last = co_await writer.write("late");
            witness.last_write = last;
            witness.ended = true;
        });
        response.client_end = client_end;
        co_return response;
    };
}

using StreamTest = ServerTest;

TEST_F(StreamTest, SendsChunksAndKeepsTheConnection) {
    serve([](Request&) -> awaitable<Response> {
        co_return streaming([](StreamWriter& writer) -> awaitable<void> {
            for (const std::string piece : {"one", "", "two", "three"}) {
                const bool written = co_await writer.write(piece);
                EXPECT_TRUE(written);
            }
        });
    });
    run([](std::uint16_t port, std::vector<Seen>& seen) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        const std::string head = co_await client.readUntil("\r\n\r\n");
        EXPECT_NE(head.find("transfer-encoding: chunked\r\nconnection: keep-alive\r\n"), std::string::npos);
        const std::string body = co_await client.readUntil("0\r\n\r\n");
        EXPECT_EQ(body, "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
        co_await client.send(std::string(kGet));
        const Reply again = co_await client.readReply();
        EXPECT_EQ(again.body, "onetwothree");
        EXPECT_EQ(seen.size(), 2U);
        EXPECT_EQ(seen[0].path, "/s");
    }(server_->port(), seen_));
}

TEST_F(StreamTest, Http10GetsItUntilTheConnectionCloses) {
    serve([](Request&) -> awaitable<Response> {
        co_return streaming([](StreamWriter& writer) -> awaitable<void> {
            co_await writer.write("abc");
            co_await writer.write("def");
        });
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.header("transfer-encoding"), "");
        EXPECT_EQ(reply.header("connection"), "close");
        EXPECT_EQ(reply.body, "abcdef");
    }(server_->port()));
}

TEST_F(StreamTest, HeadDoesNotRunTheStream) {
    serve([](Request&) -> awaitable<Response> {
        co_return streaming([](StreamWriter&) -> awaitable<void> {
            ADD_FAILURE() << "ran";
            co_return;
        });
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send("HEAD /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        const std::string head = co_await client.readUntil("\r\n\r\n");
        EXPECT_NE(head.find("200 OK"), std::string::npos);
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
    }(server_->port()));
}

enum class Leaving { kCloses, kResets, kHalfCloses };

class GoneTest : public ServerTest, public ::testing::WithParamInterface<Leaving> {};

TEST_P(GoneTest, IsNoticedBetweenWrites) {
    Witness witness;
    serve(waitForGone(witness));
    run([](std::uint16_t port, Witness& seen, Server& server) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("first\r\n");
        if (GetParam() == Leaving::kCloses) client.close();
        if (GetParam() == Leaving::kResets) client.reset();
        if (GetParam() == Leaving::kHalfCloses) client.endSending();
        const auto is_over = [&] { return seen.ended && server.connections() == 0; };
        const bool ended = co_await eventually(is_over);
        EXPECT_TRUE(ended);
        EXPECT_EQ(seen.gone_calls, 1);
        EXPECT_FALSE(seen.last_write);
    }(server_->port(), witness, *server_));
}

INSTANTIATE_TEST_SUITE_P(Clients, GoneTest,
                         ::testing::Values(Leaving::kCloses, Leaving::kResets, Leaving::kHalfCloses));

// Waits for `go`, then writes "second" and whatever follows until the client has gone.
Handler waitForGo(asio::steady_timer& go, Witness& witness) {
    return [&go, &witness](Request&) -> awaitable<Response> {
        Response response = streaming([&go, &witness](StreamWriter& writer) -> awaitable<void> {
            writer.onGone([&witness] { ++witness.gone_calls; });
            co_await writer.write("first");
            co_await go.async_wait(kTuple);
            const bool second = co_await writer.write("second");
            witness.last_write = second;
            witness.ended = true;
        });
        response.client_end = ClientEnd::kMayRead;
        co_return response;
    };
}

TEST_F(StreamTest, AHalfClosedClientThatMayReadGetsTheRestAndThenTheEnd) {
    Witness witness;
    asio::steady_timer go(loop_, kPatience);
    serve(waitForGo(go, witness));
    run([](std::uint16_t port, Witness& seen, asio::steady_timer& timer) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("first\r\n");
        client.endSending();
        co_await pause(milliseconds(20));
        EXPECT_EQ(seen.gone_calls, 0);
        timer.cancel();
        co_await client.readUntil("second\r\n");
        co_await client.readUntil("0\r\n\r\n");
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
        EXPECT_TRUE(seen.last_write);
        EXPECT_EQ(seen.gone_calls, 0);
    }(server_->port(), witness, go));
}

TEST_F(StreamTest, AResetIsNoticedBetweenWritesAlsoAfterAHalfClose) {
    Witness witness;
    serve(waitForGone(witness, ClientEnd::kMayRead));
    run([](std::uint16_t port, Witness& seen) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("first\r\n");
        client.endSending();
        co_await pause(milliseconds(20));
        EXPECT_EQ(seen.gone_calls, 0);
        client.reset();
        const auto is_over = [&] { return seen.ended; };
        const bool ended = co_await eventually(is_over);
        EXPECT_TRUE(ended);
        EXPECT_EQ(seen.gone_calls, 1);
        EXPECT_FALSE(seen.last_write);
    }(server_->port(), witness));
}

TEST_F(StreamTest, ARequestSentAheadIsNotTheClientsEnd) {
    serve([](Request& request) -> awaitable<Response> {
        if (request.path == "/next") co_return Response::json(200, "next");
        co_return streaming([](StreamWriter& writer) -> awaitable<void> {
            co_await writer.write("a");
            co_await pause(milliseconds(20));
            const bool written = co_await writer.write("b");
            EXPECT_TRUE(written);
        });
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("1\r\na\r\n");
        co_await client.send("GET /next HTTP/1.1\r\nHost: h\r\n");
        co_await client.readUntil("1\r\nb\r\n");
        co_await client.readUntil("0\r\n\r\n");
        co_await client.send("\r\n");
        const Reply next = co_await client.readReply();
        EXPECT_EQ(next.body, "next");
    }(server_->port()));
}

TEST_F(StreamTest, AClientThatDoesNotReadMakesWriteWait) {
    std::size_t written = 0;
    StreamWriter* stuck = nullptr;
    bool ended = false;
    serve([&](Request&) -> awaitable<Response> {
        co_return streaming([&](StreamWriter& writer) -> awaitable<void> {
            stuck = &writer;
            const std::string piece(64 * 1024, 'x');
            for (;;) {
                const bool taken = co_await writer.write(piece);
                if (!taken) break;
                written += piece.size();
            }
            stuck = nullptr;
            ended = true;
        });
    });
    run([](std::uint16_t port, std::size_t& count, StreamWriter*& writer, bool& is_over) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        std::size_t before = 1;
        while (before != count) {
            before = count;
            co_await pause(milliseconds(30));
        }
        EXPECT_LT(count, std::size_t{64} * 1024 * 1024);  // the sockets' own buffers
        EXPECT_NE(writer, nullptr);
        if (writer != nullptr) writer->cancel();
        const auto has_ended = [&] { return is_over; };
        const bool ended_now = co_await eventually(has_ended);
        EXPECT_TRUE(ended_now);
    }(server_->port(), written, stuck, ended));
}

TEST_F(StreamTest, AnExceptionCutsTheBody) {
    serve([](Request&) -> awaitable<Response> {
        co_return streaming([](StreamWriter& writer) -> awaitable<void> {
            co_await writer.write("some");
            throw std::runtime_error("secret");
        });
    });
    run([](std::uint16_t port) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        const Reply reply = co_await client.readReply();
        EXPECT_EQ(reply.body, "some");
        EXPECT_TRUE(reply.is_cut);
    }(server_->port()));
}

TEST_F(StreamTest, OnGoneAfterCancelIsStillCalled) {
    int calls = 0;
    serve([&](Request&) -> awaitable<Response> {
        co_return streaming([&](StreamWriter& writer) -> awaitable<void> {
            writer.cancel();
            EXPECT_TRUE(writer.gone());
            writer.onGone([&] { ++calls; });
            EXPECT_EQ(calls, 0);
            co_await pause(milliseconds(1));
        });
    });
    run([](std::uint16_t port, int& called) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        const Reply reply = co_await client.readReply();
        EXPECT_TRUE(reply.is_cut);
        const auto was_called = [&] { return called == 1; };
        const bool told = co_await eventually(was_called);
        EXPECT_TRUE(told);
    }(server_->port(), calls));
}

TEST_F(StreamTest, DrainBreaksStreamsAndWaitsForResponses) {
    Witness witness;
    const Handler stream = waitForGone(witness);
    serve([stream](Request& request) -> awaitable<Response> {
        if (request.path == "/s") co_return co_await stream(request);
        co_await pause(milliseconds(30));
        co_return Response::json(200, "slow");
    });
    run([](std::uint16_t port, Witness& seen, Server& server) -> awaitable<void> {
        RawPeer idle = co_await RawPeer::connect(port);
        RawPeer streamed = co_await RawPeer::connect(port);
        RawPeer slow = co_await RawPeer::connect(port);
        co_await streamed.send(std::string(kGet));
        co_await streamed.readUntil("first\r\n");
        co_await slow.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await pause(milliseconds(5));

        co_await server.drain(kPatience);
        EXPECT_EQ(server.connections(), 0U);
        EXPECT_EQ(seen.gone_calls, 1);
        const Reply last = co_await slow.readReply();
        EXPECT_EQ(last.body, "slow");
        EXPECT_EQ(last.header("connection"), "close");
        const bool idle_ended = co_await idle.readEnd();
        EXPECT_TRUE(idle_ended);
        const Reply cut = co_await streamed.readReply();
        EXPECT_TRUE(cut.is_cut);

        tcp::socket late(slow.socket().get_executor());
        const tcp::endpoint closed(asio::ip::address_v4::loopback(), port);
        const auto [refused] = co_await late.async_connect(closed, kTuple);
        EXPECT_TRUE(refused);
    }(server_->port(), witness, *server_));
}

TEST_F(StreamTest, DrainClosesWhatIsNotDoneInTime) {
    serve([](Request&) -> awaitable<Response> {
        co_await pause(kPatience / 4);
        co_return Response::json(200, "late");
    });
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await pause(milliseconds(5));
        co_await server.drain(milliseconds(20));
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
    }(server_->port(), *server_));
}

TEST_F(StreamTest, EverythingMayBeDestroyedAtAnyMoment) {
    Witness witness;
    const Handler stream = waitForGone(witness);
    serve([stream](Request& request) -> awaitable<Response> {
        if (request.path == "/s") co_return co_await stream(request);
        co_await pause(kPatience);
        co_return Response::json(200, "late");
    });
    std::vector<RawPeer> clients;
    run([](std::uint16_t port, std::vector<RawPeer>& all) -> awaitable<void> {
        for (const std::string request :
             {"GET /s HTTP/1.1\r\nHost: h\r\n\r\n", "GET /h HTTP/1.1\r\nHost: h\r\n\r\n",
              "GET /half HTTP/1.1\r\n", ""}) {
            RawPeer client = co_await RawPeer::connect(port);
            co_await client.send(request);
            all.push_back(std::move(client));
        }
        co_await all.front().readUntil("first\r\n");
    }(server_->port(), clients));
    asio::co_spawn(loop_, server_->drain(kPatience), [](std::exception_ptr) {});
    loop_.restart();
    loop_.poll();
    // The fixture now destroys the server and then the loop, in the midst of all this; the address sanitizer
    // watches.
}

TEST_F(StreamTest, StopAcceptingLetsStreamsEnd) {
    serve([](Request&) -> awaitable<Response> {
        co_return streaming([](StreamWriter& writer) -> awaitable<void> {
            co_await writer.write("a");
            co_await pause(milliseconds(20));
            const bool written = co_await writer.write("b");
            EXPECT_TRUE(written);
        });
    });
    run([](std::uint16_t port, Server& server) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("1\r\na\r\n");
        server.stopAccepting();
        const std::string rest = co_await client.readUntil("0\r\n\r\n");
        EXPECT_EQ(rest, "1\r\nb\r\n0\r\n\r\n");
        const bool ended = co_await client.readEnd();
        EXPECT_TRUE(ended);
    }(server_->port(), *server_));
}

TEST_F(StreamTest, TheServerMayBeDestroyedWhileStreaming) {
    Witness witness;
    serve(waitForGone(witness));
    run([](std::uint16_t port, Witness& seen, std::optional<Server>& server) -> awaitable<void> {
        RawPeer client = co_await RawPeer::connect(port);
        co_await client.send(std::string(kGet));
        co_await client.readUntil("first\r\n");
        server.reset();
        const auto has_ended = [&] { return seen.ended; };
        const bool ended = co_await eventually(has_ended);
        EXPECT_TRUE(ended);
    }(server_->port(), witness, server_));
}

}  // namespace
}  // namespace heddle::http::test
