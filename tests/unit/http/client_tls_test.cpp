// SPDX-License-Identifier: Apache-2.0
// TLS to receivers: whose certificate is accepted, and what is said when it is not.
#include "unit/http/tls_peer.hpp"

namespace heddle::http::test {
namespace {

class ClientTlsTest : public ClientTest {
  protected:
    // Receives one TLS connection, answers `requests` requests with `answer`, and drops it without a
    // good-bye.
    void receive(const Identity& identity, int requests, std::string answer = std::string(kOk)) {
        context_.use_certificate_chain(asio::buffer(identity.certPem()));
        context_.use_private_key(asio::buffer(identity.keyPem()), asio::ssl::context::pem);
        inBackground([](ClientTlsTest& test, int count, std::string text) -> awaitable<void> {
            RawPeer raw = co_await test.receiver_.accept();
            TlsPeer peer(std::move(raw.socket()), test.context_);
            const bool secure = co_await peer.handshake();
            if (!secure) co_return;
            test.server_name_ = peer.serverName();
            for (int i = 0; i < count; ++i) {
                const std::string request = co_await peer.readRequest();
                test.requests_.push_back(request);
                co_await peer.send(text);
            }
        }(*this, requests, std::move(answer)));
    }

    ClientResponse post(ClientRequest made) {
        ClientResponse response;
        run([](Client& client, ClientRequest sent, ClientResponse& result) -> awaitable<void> {
            ClientResponse got = co_await client.post(std::move(sent));
            result = std::move(got);
        }(trusting_, std::move(made), response));
        return response;
    }

    [[nodiscard]] ClientRequest secureRequest(const std::string& host) const {
        ClientRequest made = request();
        made.tls = true;
        made.host = host;
        return made;
    }

    asio::ssl::context context_{asio::ssl::context::tls_server};
    Identity ca_ = makeIdentity("Test CA", nullptr, "");
    TempFile ca_file_{ca_.certPem()};
    Client trusting_{loop_.get_executor(), ClientTls{ca_file_.path(), "", ""}};
    std::string server_name_;
    std::vector<std::string> requests_;
};

TEST_F(ClientTlsTest, AcceptsACertificateForTheHost) {
    receive(makeIdentity("x", &ca_, "DNS:receiver.test"), 1);
    const auto got = post(secureRequest("receiver.test"));
    EXPECT_EQ(got.failure, ClientFailure::kNone) << got.error;
    EXPECT_EQ(got.body, "ok");
    EXPECT_EQ(server_name_, "receiver.test");
    ASSERT_EQ(requests_.size(), 1U);
    EXPECT_NE(requests_[0].find("\r\nHost: receiver.test:" + std::to_string(receiver_.port()) + "\r\n"),
              std::string::npos);
}

TEST_F(ClientTlsTest, ReusesTheConnection) {
    receive(makeIdentity("x", &ca_, "DNS:receiver.test"), 3);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(post(secureRequest("receiver.test")).body, "ok");
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientTlsTest, AddressesAreVerifiedAsAddresses) {
    receive(makeIdentity("x", &ca_, "IP:127.0.0.1"), 1);
    const auto got = post(secureRequest("127.0.0.1"));
    EXPECT_EQ(got.body, "ok") << got.error;
    EXPECT_EQ(server_name_, "");
}

TEST_F(ClientTlsTest, AnAddressAsADnsNameDoesNotCount) {
    receive(makeIdentity("127.0.0.1", &ca_, "DNS:127.0.0.1"), 1);
    EXPECT_EQ(post(secureRequest("127.0.0.1")).failure, ClientFailure::kTlsHostname);
}

TEST_F(ClientTlsTest, AnotherHostsCertificateIsRefused) {
    receive(makeIdentity("x", &ca_, "DNS:other.test"), 1);
    const auto got = post(secureRequest("receiver.test"));
    EXPECT_EQ(got.failure, ClientFailure::kTlsHostname);
    EXPECT_EQ(got.error, "certificate refused: hostname mismatch");
    EXPECT_TRUE(requests_.empty());
}

TEST_F(ClientTlsTest, AnExpiredCertificateIsRefused) {
    receive(makeIdentity("x", &ca_, "DNS:receiver.test", -7200, -3600), 1);
    EXPECT_EQ(post(secureRequest("receiver.test")).error, "certificate refused: certificate has expired");
}

TEST_F(ClientTlsTest, AnUnknownAuthorityIsRefused) {
    const Identity other = makeIdentity("Other CA", nullptr, "");
    receive(makeIdentity("x", &other, "DNS:receiver.test"), 1);
    const auto got = post(secureRequest("receiver.test"));
    EXPECT_EQ(got.failure, ClientFailure::kTlsUntrusted);
    EXPECT_EQ(got.error, "certificate refused: unable to get local issuer certificate");
}

TEST_F(ClientTlsTest, OldTlsIsRefused) {
    SSL_CTX_set_max_proto_version(context_.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_VERSION);
    receive(makeIdentity("x", &ca_, "DNS:receiver.test"), 1);
    EXPECT_EQ(post(secureRequest("receiver.test")).failure, ClientFailure::kTlsFailed);
}

TEST_F(ClientTlsTest, APlainReceiverIsATlsFailure) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        co_await peer.readSome();
    }(receiver_));
    EXPECT_EQ(post(secureRequest("receiver.test")).failure, ClientFailure::kTlsFailed);
}

TEST_F(ClientTlsTest, ASlowHandshakeTimesOut) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        while (true) {
            const bool more = co_await peer.readSome();
            if (!more) break;
        }
    }(receiver_));
    ClientRequest made = secureRequest("receiver.test");
    made.timeout = milliseconds(250);
    const auto got = post(std::move(made));
    EXPECT_EQ(got.failure, ClientFailure::kTimeout);
    EXPECT_EQ(got.error, "timed out while setting up TLS");
}

TEST_F(ClientTlsTest, ABodyThatTheConnectionsEndEndsNeedsNoGoodBye) {
    receive(makeIdentity("x", &ca_, "DNS:receiver.test"), 1, "HTTP/1.1 200 OK\r\n\r\nall of it");
    const auto got = post(secureRequest("receiver.test"));
    EXPECT_EQ(got.failure, ClientFailure::kNone) << got.error;
    EXPECT_EQ(got.body, "all of it");
}

TEST_F(ClientTlsTest, ACutBodyIsNoticed) {
    receive(makeIdentity("x", &ca_, "DNS:receiver.test"), 1,
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    EXPECT_EQ(post(secureRequest("receiver.test")).failure, ClientFailure::kReset);
}

TEST_F(ClientTlsTest, AMissingCaFileIsATlsFailure) {
    Client client(loop_.get_executor(), ClientTls{"/nonexistent/ca.pem", "", ""});
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await peer.readSome();
    }(receiver_));
    run([](Client& broken, ClientRequest made) -> awaitable<void> {
        const ClientResponse got = co_await broken.post(std::move(made));
        EXPECT_EQ(got.failure, ClientFailure::kTlsFailed);
        EXPECT_EQ(got.error, "the CA certificates cannot be read");
    }(client, secureRequest("receiver.test")));
}

}  // namespace
}  // namespace heddle::http::test
