// SPDX-License-Identifier: Apache-2.0
// The client against receivers that misbehave in every way we know of.
#include "http/client.hpp"

#include "unit/http/client_fixture.hpp"

namespace heddle::http::test {
namespace {

TEST_F(ClientTest, SendsHostThenTheHeadersAsTheyAreThenTheLength) {
    std::string sent;
    inBackground([](Receiver& receiver, std::string& text) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        const std::string got = co_await Receiver::readRequest(peer);
        text = got;
        co_await peer.send(std::string(kOk));
    }(receiver_, sent));
    ClientRequest made = request();
    made.target = "/hook?a=%20b";
    made.headers.fields = {{"User-Agent", "heddle"}, {"X-b", "1"}, {"content-length", "99"}, {"x-B", "2"}};
    made.body = R"({"a":1})";
    run([](Client& client, ClientRequest request) -> awaitable<void> {
        const ClientResponse response = co_await client.post(std::move(request));
        EXPECT_EQ(response.failure, ClientFailure::kNone) << response.error;
        EXPECT_EQ(response.status, 200U);
        EXPECT_EQ(response.body, "ok");
        EXPECT_EQ(response.headers.get("content-length"), "2");
        EXPECT_GT(response.took.count(), 0);
    }(client_, made));
    EXPECT_EQ(sent, "POST /hook?a=%20b HTTP/1.1\r\nHost: receiver.test:" + std::to_string(receiver_.port()) +
                        "\r\nUser-Agent: heddle\r\nX-b: 1\r\nx-B: 2\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

TEST_F(ClientTest, KeepsTheConnectionForTheNextRequest) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        for (int i = 0; i < 3; ++i) {
            co_await Receiver::readRequest(peer);
            co_await peer.send(std::string(kOk));
        }
    }(receiver_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 3, results));
    for (const auto& result : results) EXPECT_EQ(result.body, "ok") << result.error;
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientTest, AnotherHostNameGetsItsOwnConnection) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer first = co_await receiver.acceptRequest();
        co_await first.send(std::string(kOk));
        RawPeer second = co_await receiver.acceptRequest();
        co_await second.send(std::string(kOk));
    }(receiver_));
    ClientRequest other = request();
    other.host = "other.test";
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 1, results));
    run(postAgain(client_, other, 1, results));
    EXPECT_EQ(results.back().body, "ok");
    EXPECT_EQ(receiver_.accepted(), 2);
}

TEST_F(ClientTest, ConnectionsThatCannotBeReusedAreClosed) {
    for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                     "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than was announced"}) {
        inBackground([](Receiver& receiver, std::string text) -> awaitable<void> {
            RawPeer peer = co_await receiver.acceptRequest();
            co_await peer.send(text);
            const bool ended = co_await peer.readEnd();
            EXPECT_TRUE(ended);
        }(receiver_, answer));
        std::vector<ClientResponse> results;
        run(postAgain(client_, request(), 1, results));
        EXPECT_EQ(results[0].status, 200U) << answer;
    }
    EXPECT_EQ(receiver_.accepted(), 3);
}

TEST_F(ClientTest, AKeptConnectionThatDiesIsReplacedOnce) {
    // The receiver answers once, takes the second request and drops it, answers it on the new connection.
    inBackground([](Receiver& receiver) -> awaitable<void> {
        {
            RawPeer peer = co_await receiver.acceptRequest();
            co_await peer.send(std::string(kOk));
            co_await Receiver::readRequest(peer);
        }
        RawPeer again = co_await receiver.acceptRequest();
        co_await again.send(std::string(kOk));
    }(receiver_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 2, results));
    EXPECT_EQ(results[1].body, "ok") << results[1].error;
    EXPECT_EQ(receiver_.accepted(), 2);
}

TEST_F(ClientTest, TheNewConnectionIsNotReplacedAgain) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        {
            RawPeer peer = co_await receiver.acceptRequest();
            co_await peer.send(std::string(kOk));
            co_await Receiver::readRequest(peer);
        }
        co_await receiver.acceptRequest();
    }(receiver_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 2, results));
    EXPECT_EQ(results[1].failure, ClientFailure::kReset);
    EXPECT_EQ(receiver_.accepted(), 2);
}

TEST_F(ClientTest, NothingIsSentTwiceOnceAResponseHasBegun) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        co_await peer.send(std::string(kOk));
        co_await Receiver::readRequest(peer);
        co_await peer.send("HTTP/1.1 2");
    }(receiver_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 2, results));
    EXPECT_EQ(results[1].failure, ClientFailure::kReset);
    EXPECT_EQ(results[1].error, "connection closed before the response was complete");
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientTest, AConnectionThatWasClosedWhileIdleIsNotTried) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        {
            RawPeer peer = co_await receiver.acceptRequest();
            co_await peer.send(std::string(kOk));
        }
        RawPeer again = co_await receiver.acceptRequest();
        co_await again.send(std::string(kOk));
    }(receiver_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 1, results));
    run(pause(milliseconds(5)));
    run(postAgain(client_, request(), 1, results));
    EXPECT_EQ(results[1].body, "ok");
}

TEST_F(ClientTest, SkipsInterimResponses) {
    const auto got = answered("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                              std::string(kOk));
    EXPECT_EQ(got.status, 200U);
    EXPECT_EQ(got.body, "ok");
    EXPECT_EQ(got.headers.get("link"), std::nullopt);
}

TEST_F(ClientTest, EndlessInterimResponsesAreRefused) {
    std::string many;
    for (int i = 0; i < 100; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
    const auto got = answered(many + std::string(kOk));
    EXPECT_EQ(got.failure, ClientFailure::kProtocol);
    EXPECT_EQ(got.status, 0U);
}

TEST_F(ClientTest, RedirectsAreAnswersLikeAnyOther) {
    const auto got =
        answered("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(got.failure, ClientFailure::kNone);
    EXPECT_EQ(got.status, 307U);
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientTest, BodiesEndByLengthByChunksOrByTheConnectionsEnd) {
    EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").body,
              "ok");
    EXPECT_EQ(answered("HTTP/1.1 200 OK\r\n\r\nuntil the end").body, "until the end");
    EXPECT_EQ(answered("HTTP/1.0 200\r\n\r\nold").body, "old");
    EXPECT_EQ(answered("HTTP/1.1 204 No Content\r\n\r\n").status, 204U);
}

TEST_F(ClientTest, ReadsNoMoreOfTheBodyThanAskedFor) {
    ClientRequest made = request();
    made.read_max = 1'000;
    for (const std::string head :
         {"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nDBBA0\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
        const auto got = answered(head + std::string(900'000, 'x'), made);
        EXPECT_EQ(got.failure, ClientFailure::kNone) << got.error;
        EXPECT_EQ(got.status, 200U);
        EXPECT_EQ(got.body.size(), 1'000U);
    }
    const auto exact =
        answered("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1'000, 'x'), made);
    EXPECT_EQ(exact.body.size(), 1'000U);
}

TEST_F(ClientTest, AResponseThatIsCutIsAFailureThatStillHasItsStatus) {
    const auto body = answered("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(body.failure, ClientFailure::kReset);
    EXPECT_EQ(body.status, 200U);
    EXPECT_EQ(body.body, "abc");
    const auto chunks = answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    EXPECT_EQ(chunks.failure, ClientFailure::kReset);
    const auto head = answered("HTTP/1.1 200 OK\r\nContent-");
    EXPECT_EQ(head.failure, ClientFailure::kReset);
    EXPECT_EQ(head.status, 0U);
    EXPECT_EQ(answered("").error, "connection closed before the response was complete");
}

TEST_F(ClientTest, WhatIsNotHttpIsRefused) {
    for (const std::string& bad :
         {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n"),
          std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx"),
          "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
        const auto got = answered(bad);
        EXPECT_EQ(got.failure, ClientFailure::kProtocol) << bad.substr(0, 80);
        EXPECT_EQ(got.error, "the response is not valid HTTP/1.1");
    }
}

}  // namespace
}  // namespace heddle::http::test
