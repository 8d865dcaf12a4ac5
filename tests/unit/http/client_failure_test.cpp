// SPDX-License-Identifier: Apache-2.0
// Connections that fail, deadlines, and the end of the client.
#include "http/client.hpp"
#include "unit/http/client_fixture.hpp"

#include <array>

namespace heddle::http::test {
namespace {

TEST_F(ClientTest, TimesOutWithoutAResponse) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        const bool ended = co_await peer.readEnd();
        EXPECT_TRUE(ended);
    }(receiver_));
    ClientRequest made = request();
    made.timeout = milliseconds(250);
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kTimeout);
    EXPECT_EQ(results[0].error, "timed out while waiting for the response");
}

TEST_F(ClientTest, TheDeadlineHoldsForABodyThatDrips) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
        while (!peer.isBroken()) {
            co_await peer.send("x");
            co_await pause(milliseconds(2));
        }
    }(receiver_));
    ClientRequest made = request();
    made.timeout = milliseconds(250);
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kTimeout);
    EXPECT_EQ(results[0].error, "timed out while reading the response");
    EXPECT_EQ(results[0].status, 200U);
    EXPECT_LT(results[0].took, milliseconds(1'000));
}

TEST_F(ClientTest, TheDeadlineHoldsForARequestThatNobodyReads) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await pause(milliseconds(600));
    }(receiver_));
    ClientRequest made = request();
    made.timeout = milliseconds(250);
    made.body = std::string(16 << 20, 'x');
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].error, "timed out while sending the request");
}

TEST_F(ClientTest, ConnectionRefused) {
    receiver_.stop();
    std::vector<ClientResponse> results;
    ClientRequest made;
    {
        const Receiver gone(loop_);
        made = request(gone.port());
    }
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kConnectRefused);
    EXPECT_EQ(results[0].error, "connection refused");
}

TEST_F(ClientTest, TriesTheNextAddress) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        co_await peer.send(std::string(kOk));
    }(receiver_));
    ClientRequest made = request();
    made.addresses.insert(made.addresses.begin(), asio::ip::make_address("127.0.0.2"));
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].body, "ok");
}

// A listener whose queue is full lets connections hang, as a host that drops packets does.
class FullReceiver {
  public:
    explicit FullReceiver(asio::io_context& loop)
        : acceptor_(loop), waiting_{tcp::socket(loop), tcp::socket(loop)} {
        const tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
        acceptor_.open(any.protocol());
        acceptor_.bind(any);
        acceptor_.listen(0);
        for (auto& socket : waiting_) {
            socket.async_connect(acceptor_.local_endpoint(), [](error_code) {});
        }
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    tcp::acceptor acceptor_;
    std::array<tcp::socket, 2> waiting_;
};

TEST_F(ClientTest, TimesOutWhileConnecting) {
    const FullReceiver full(loop_);
    ClientRequest made = request(full.port());
    made.timeout = milliseconds(30);
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kTimeout);
    EXPECT_EQ(results[0].error, "timed out while connecting");
}

TEST_F(ClientTest, TriesTheNextAddressWhenOneHangs) {
    const FullReceiver full(loop_);
    tcp::acceptor good(loop_, tcp::endpoint(asio::ip::make_address("127.0.0.2"), full.port()));
    inBackground([](tcp::acceptor& acceptor) -> awaitable<void> {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        RawPeer peer(std::move(socket));
        co_await Receiver::readRequest(peer);
        co_await peer.send(std::string(kOk));
    }(good));
    ClientRequest made = request(full.port());
    made.addresses.push_back(asio::ip::make_address("127.0.0.2"));
    made.timeout = milliseconds(600);
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].body, "ok") << results[0].error;
    EXPECT_GE(results[0].took, milliseconds(290));
}

TEST_F(ClientTest, MayBeDestroyedWhileSending) {
    auto client = std::make_unique<Client>(loop_.get_executor());
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        co_await peer.readEnd();
    }(receiver_));
    std::vector<ClientResponse> results;
    inBackground(postAgain(*client, request(), 1, results));
    run([](Receiver& receiver, std::unique_ptr<Client>& owner,
           std::vector<ClientResponse>& all) -> awaitable<void> {
        const auto is_accepted = [&] { return receiver.accepted() == 1; };
        const bool accepted = co_await eventually(is_accepted);
        EXPECT_TRUE(accepted);
        owner.reset();
        const auto has_ended = [&] { return all.size() == 1; };
        const bool ended = co_await eventually(has_ended);
        EXPECT_TRUE(ended);
    }(receiver_, client, results));
    EXPECT_EQ(results.at(0).failure, ClientFailure::kClosed);
}

TEST_F(ClientTest, NoAddressNoConnection) {
    ClientRequest made = request();
    made.addresses.clear();
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kConnectFailed);
}

TEST_F(ClientTest, AnAnswerBeforeTheBodyWasReadCounts) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await peer.readUntil("\r\n\r\n");
        co_await peer.send(
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        peer.endSending();
        while (true) {
            const bool more = co_await peer.readSome();
            if (!more) break;
        }
    }(receiver_));
    ClientRequest made = request();
    made.body = std::string(4 << 20, 'x');
    std::vector<ClientResponse> results;
    run(postAgain(client_, made, 1, results));
    EXPECT_EQ(results[0].status, 413U) << results[0].error;
}

TEST_F(ClientTest, HeadersAndTargetsThatWouldAddLinesAreNotSent) {
    const auto refused = [&](ClientRequest made) {
        std::vector<ClientResponse> results;
        run(postAgain(client_, std::move(made), 1, results));
        EXPECT_EQ(results[0].failure, ClientFailure::kProtocol);
        EXPECT_EQ(results[0].error.find("secret"), std::string::npos);
    };
    ClientRequest value = request();
    value.headers.fields = {{"X-A", "secret\r\nX-B: 1"}};
    refused(value);
    ClientRequest name = request();
    name.headers.fields = {{"X A", "1"}};
    refused(name);
    ClientRequest target = request();
    target.target = "/secret HTTP/1.1\r\nX: ";
    refused(target);
    EXPECT_EQ(receiver_.accepted(), 0);
}

TEST_F(ClientTest, CloseEndsWhatIsUnderWay) {
    inBackground([](Receiver& receiver, Client& client) -> awaitable<void> {
        RawPeer peer = co_await receiver.acceptRequest();
        client.close();
        co_await peer.readEnd();
    }(receiver_, client_));
    std::vector<ClientResponse> results;
    run(postAgain(client_, request(), 2, results));
    EXPECT_EQ(results[0].failure, ClientFailure::kClosed);
    EXPECT_EQ(results[1].failure, ClientFailure::kClosed);
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientTest, ManyAtOnce) {
    const auto answer = [](RawPeer peer) -> awaitable<void> {
        co_await Receiver::readRequest(peer);
        co_await peer.send(std::string(kOk));
        co_await peer.readEnd();
    };
    inBackground([](Receiver& receiver, auto serve, auto start) -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            RawPeer peer = co_await receiver.accept();
            start(serve(std::move(peer)));
        }
    }(receiver_, answer, [this](awaitable<void> work) { inBackground(std::move(work)); }));
    std::vector<ClientResponse> results;
    for (int i = 0; i < 100; ++i) inBackground(postAgain(client_, request(), 1, results));
    run([](std::vector<ClientResponse>& all) -> awaitable<void> {
        const auto all_there = [&all] { return all.size() == 100; };
        const bool done = co_await eventually(all_there);
        EXPECT_TRUE(done);
    }(results));
    for (const auto& result : results) EXPECT_EQ(result.body, "ok") << result.error;
}

}  // namespace
}  // namespace heddle::http::test
