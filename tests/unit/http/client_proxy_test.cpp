// SPDX-License-Identifier: Apache-2.0
// Tunnels through a proxy, which the test plays together with the destination behind it.
#include "unit/http/tls_peer.hpp"

namespace heddle::http::test {
namespace {

constexpr std::string_view kConnected = "HTTP/1.1 200 Connection established\r\n\r\n";

class ClientProxyTest : public ClientTest {
  protected:
    // A request to an address that only the proxy could reach.
    [[nodiscard]] ClientRequest throughProxy() const {
        ClientRequest made = request(8'080);
        made.addresses = {asio::ip::make_address("127.0.0.9")};
        ClientProxy proxy;
        proxy.addresses = {asio::ip::address_v4::loopback()};
        proxy.port = receiver_.port();
        made.proxy = std::move(proxy);
        return made;
    }

    // The proxy answers so to one CONNECT and then closes.
    void refuse(std::string answer) {
        inBackground([](ClientProxyTest& test, std::string text) -> awaitable<void> {
            RawPeer peer = co_await test.receiver_.accept();
            const std::string asked = co_await peer.readUntil("\r\n\r\n");
            test.asked_.push_back(asked);
            co_await peer.send(text);
        }(*this, std::move(answer)));
    }
    // The proxy makes a tunnel, behind which `requests` requests are answered.
    void connect(int requests = 1) {
        inBackground([](ClientProxyTest& test, int count) -> awaitable<void> {
            RawPeer peer = co_await test.receiver_.accept();
            const std::string asked = co_await peer.readUntil("\r\n\r\n");
            test.asked_.push_back(asked);
            co_await peer.send(std::string(kConnected));
            for (int i = 0; i < count; ++i) {
                const std::string got = co_await Receiver::readRequest(peer);
                test.requests_.push_back(got);
                co_await peer.send(std::string(kOk));
            }
            co_await peer.readEnd();
        }(*this, requests));
    }

    ClientResponse post(ClientRequest made) { return postOn(client_, std::move(made)); }
    void expectProxyFault(ClientRequest made, const std::string& error) {
        const auto got = post(std::move(made));
        EXPECT_EQ(got.failure, ClientFailure::kProxy) << got.error;
        EXPECT_EQ(got.error, error);
        EXPECT_EQ(got.status, 0U);
    }
    void expectRecovery() {
        connect();
        EXPECT_EQ(post(throughProxy()).body, "ok");
    }

    std::vector<std::string> asked_;
    std::vector<std::string> requests_;
};

TEST_F(ClientProxyTest, PlainRequestsGoThroughATunnelToTheJudgedAddress) {
    connect();
    const auto got = post(throughProxy());
    EXPECT_EQ(got.body, "ok") << got.error;
    EXPECT_TRUE(got.phases.connect);
    EXPECT_EQ(asked_.at(0), "CONNECT 127.0.0.9:8080 HTTP/1.1\r\nHost: 127.0.0.9:8080\r\n\r\n");
    EXPECT_TRUE(requests_.at(0).starts_with("POST /hook HTTP/1.1\r\nHost: receiver.test:8080\r\n"))
        << requests_[0];
}

TEST_F(ClientProxyTest, AnIpv6AddressIsInBrackets) {
    connect();
    ClientRequest made = throughProxy();
    made.addresses = {asio::ip::make_address("::1")};
    EXPECT_EQ(post(std::move(made)).body, "ok");
    EXPECT_TRUE(asked_.at(0).starts_with("CONNECT [::1]:8080 HTTP/1.1\r\n")) << asked_[0];
}

TEST_F(ClientProxyTest, ByNameNoAddressIsNeeded) {
    connect();
    ClientRequest made = throughProxy();
    made.addresses.clear();
    made.proxy->target = ClientProxy::Target::kName;
    EXPECT_EQ(post(std::move(made)).body, "ok");
    EXPECT_TRUE(asked_.at(0).starts_with("CONNECT receiver.test:8080 HTTP/1.1\r\n")) << asked_[0];
}

TEST_F(ClientProxyTest, OnlyTheProxySeesItsAuthorization) {
    connect();
    ClientRequest made = throughProxy();
    made.proxy->authorization = "Basic c2VjcmV0OngK";
    EXPECT_EQ(post(made).body, "ok");
    EXPECT_NE(asked_.at(0).find("\r\nProxy-Authorization: Basic c2VjcmV0OngK\r\n"), std::string::npos);
    EXPECT_EQ(requests_.at(0).find("Proxy"), std::string::npos);

    made.proxy->authorization = "secret\r\nX: 1";
    const auto refused = post(made);
    EXPECT_EQ(refused.failure, ClientFailure::kProtocol);
    EXPECT_EQ(refused.error.find("secret"), std::string::npos);
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientProxyTest, TlsIsWithTheDestinationUnderItsName) {
    const Identity ca = makeIdentity("Test CA", nullptr, "");
    const Identity identity = makeIdentity("x", &ca, "DNS:receiver.test");
    const TempFile ca_file(ca.certPem());
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(identity.certPem()));
    context.use_private_key(asio::buffer(identity.keyPem()), asio::ssl::context::pem);
    for (const std::string host : {"receiver.test", "other.test"}) {
        Client client(loop_.get_executor(), ClientTls{ca_file.path(), "", ""});
        std::string name;
        inBackground([](Receiver& proxy, asio::ssl::context& tls, std::string& sni) -> awaitable<void> {
            RawPeer raw = co_await proxy.accept();
            co_await raw.readUntil("\r\n\r\n");
            co_await raw.send(std::string(kConnected));
            TlsPeer peer(std::move(raw.socket()), tls);
            const bool secure = co_await peer.handshake();
            sni = peer.serverName();
            if (!secure) co_return;
            co_await peer.readRequest();
            co_await peer.send(std::string(kOk));
        }(receiver_, context, name));
        ClientRequest made = throughProxy();
        made.tls = true;
        made.host = host;
        const auto got = postOn(client, std::move(made));
        const bool is_its_own = host == "receiver.test";
        EXPECT_EQ(got.failure, is_its_own ? ClientFailure::kNone : ClientFailure::kTlsHostname) << got.error;
        if (is_its_own) EXPECT_EQ(name, host);
        EXPECT_TRUE(got.phases.tls);
    }
}

TEST_F(ClientProxyTest, ARefusalIsTheProxysFault) {
    for (const std::string status : {"400", "407", "403", "405", "500", "502", "503", "504", "301"}) {
        refuse("HTTP/1.1 " + status + " No\r\nContent-Length: 6\r\n\r\nsecret");
        expectProxyFault(throughProxy(), "proxy answered HTTP " + status);
    }
    expectRecovery();
}

TEST_F(ClientProxyTest, TheNextAddressIsAskedForWhenOneCannotBeReached) {
    refuse("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    connect();
    ClientRequest made = throughProxy();
    made.addresses.push_back(asio::ip::make_address("127.0.0.10"));
    EXPECT_EQ(post(made).body, "ok");
    ASSERT_EQ(asked_.size(), 2U);
    EXPECT_TRUE(asked_[1].starts_with("CONNECT 127.0.0.10:8080 "));
}

TEST_F(ClientProxyTest, AProxyThatWantsAuthorizationIsNotAskedAgain) {
    refuse("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    ClientRequest made = throughProxy();
    made.addresses.push_back(asio::ip::make_address("127.0.0.10"));
    expectProxyFault(made, "proxy answered HTTP 407");
    EXPECT_EQ(receiver_.accepted(), 1);
}

TEST_F(ClientProxyTest, TheProxysAddressesAreTriedInTurn) {
    ClientRequest made = throughProxy();
    made.proxy->addresses.insert(made.proxy->addresses.begin(), asio::ip::make_address("127.0.0.2"));
    connect();
    EXPECT_EQ(post(made).body, "ok");
}

TEST_F(ClientProxyTest, AProxyThatIsNotThereIsAFaultOfItsOwn) {
    ClientRequest made = throughProxy();
    made.proxy->addresses = {asio::ip::make_address("127.0.0.2")};
    expectProxyFault(made, "proxy: connection refused");
    made.proxy->addresses.clear();
    expectProxyFault(made, "proxy: no address to connect to");
    expectRecovery();
}

TEST_F(ClientProxyTest, AProxyThatDoesNotAnswerIsGivenUp) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer first = co_await receiver.accept();
        RawPeer second = co_await receiver.accept();
        co_await hang();
    }(receiver_));
    ClientRequest connecting = throughProxy();
    connecting.connect_timeout = milliseconds(60);
    expectProxyFault(connecting, "proxy: timed out");
    ClientRequest whole = throughProxy();
    whole.timeout = milliseconds(60);
    expectProxyFault(whole, "proxy: timed out");
    expectRecovery();
}

TEST_F(ClientProxyTest, EveryAddressGetsItsPartOfASlowProxysTime) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer slow = co_await receiver.accept();
        RawPeer quick = co_await receiver.accept();
        co_await quick.readUntil("\r\n\r\n");
        co_await quick.send(std::string(kConnected));
        co_await Receiver::readRequest(quick);
        co_await quick.send(std::string(kOk));
        co_await hang();
    }(receiver_));
    ClientRequest made = throughProxy();
    made.addresses.push_back(asio::ip::make_address("127.0.0.10"));
    made.connect_timeout = milliseconds(800);
    const auto got = post(std::move(made));
    EXPECT_EQ(got.body, "ok") << got.error;
    EXPECT_GE(got.took, milliseconds(390));
}

TEST_F(ClientProxyTest, WhatIsNotAnAnswerIsTheProxysFault) {
    refuse("SSH-2.0-OpenSSH_9.2\r\n");
    expectProxyFault(throughProxy(), "proxy: the answer is not valid HTTP/1.1");
    refuse("HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n");
    expectProxyFault(throughProxy(), "proxy: the answer is not valid HTTP/1.1");
    refuse(std::string(kConnected) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expectProxyFault(throughProxy(), "proxy: the answer is not valid HTTP/1.1");
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
    refuse(endless);
    expectProxyFault(throughProxy(), "proxy: the answer is not valid HTTP/1.1");
    refuse("HTTP/1.1 200 Connec");
    expectProxyFault(throughProxy(), "proxy: connection closed");
    refuse("");
    expectProxyFault(throughProxy(), "proxy: connection closed");
    expectRecovery();
}

TEST_F(ClientProxyTest, ATunnelThatBreaksIsNoFaultOfTheProxys) {
    refuse(std::string(kConnected));
    const auto got = post(throughProxy());
    EXPECT_EQ(got.failure, ClientFailure::kReset) << got.error;
    expectRecovery();
}

TEST_F(ClientProxyTest, TunnelsAreKeptAndNeverTakenForDirectConnections) {
    connect(2);
    EXPECT_EQ(post(throughProxy()).body, "ok");
    const auto again = post(throughProxy());
    EXPECT_EQ(again.body, "ok");
    EXPECT_FALSE(again.phases.connect);
    EXPECT_EQ(receiver_.accepted(), 1);

    // Nobody listens at the address itself, or at least it is not the tunnel that answers.
    ClientRequest direct = throughProxy();
    direct.proxy.reset();
    direct.port = receiver_.port();
    direct.addresses = {asio::ip::make_address("127.0.0.9")};
    EXPECT_EQ(post(direct).failure, ClientFailure::kConnectRefused);
    EXPECT_EQ(requests_.size(), 2U);
}

TEST_F(ClientProxyTest, CloseEndsAnUnfinishedTunnel) {
    inBackground([](Receiver& receiver, Client& client) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        client.close();
        co_await peer.readEnd();
    }(receiver_, client_));
    EXPECT_EQ(post(throughProxy()).failure, ClientFailure::kClosed);
}

}  // namespace
}  // namespace heddle::http::test
