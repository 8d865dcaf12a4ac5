// SPDX-License-Identifier: Apache-2.0
// A client and a receiver that the test plays itself, byte for byte.
#pragma once

#include "http/client.hpp"
#include "unit/http/loopback.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace heddle::http::test {

// Listens on a loopback address and a free port; the test accepts.
class Receiver {
  public:
    explicit Receiver(asio::io_context& loop, const std::string& address = "127.0.0.1")
        : acceptor_(loop, tcp::endpoint(asio::ip::make_address(address), 0)) {}

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    awaitable<RawPeer> accept() {
        tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
        ++accepted_;
        co_return RawPeer(std::move(socket));
    }
    // Accepts and reads one request with its body.
    awaitable<RawPeer> acceptRequest() {
        RawPeer peer = co_await accept();
        co_await readRequest(peer);
        co_return peer;
    }
    static awaitable<std::string> readRequest(RawPeer& peer) {
        const std::string text = co_await peer.readUntil("\r\n\r\n");
        const auto at = text.find("Content-Length: ");
        const std::size_t length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
        const std::string body = co_await peer.readBytes(length);
        co_return text + body;
    }
    void stop() { acceptor_.close(); }
    [[nodiscard]] int accepted() const { return accepted_; }

  private:
    tcp::acceptor acceptor_;
    int accepted_ = 0;
};

// Never ends: keeps a peer open for as long as the test's loop lives.
inline awaitable<void> hang() {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer never(executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(kTuple);
}

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Posts `count` times, one after the other.
inline awaitable<void> postAgain(Client& client, ClientRequest request, int count,
                                 std::vector<ClientResponse>& results) {
    for (int i = 0; i < count; ++i) {
        ClientRequest copy = request;
        ClientResponse response = co_await client.post(std::move(copy));
        results.push_back(std::move(response));
    }
}

class ClientTest : public ::testing::Test {
  protected:
    [[nodiscard]] static ClientRequest request(std::uint16_t port) {
        ClientRequest made;
        made.host = "receiver.test";
        made.port = port;
        made.addresses = {asio::ip::address_v4::loopback()};
        made.target = "/hook";
        made.body = "{}";
        made.timeout = kPatience / 2;
        return made;
    }
    [[nodiscard]] ClientRequest request() const { return request(receiver_.port()); }

    // Runs the receiver's part beside the test's own.
    void inBackground(awaitable<void> work) {
        asio::co_spawn(loop_, std::move(work), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    void run(awaitable<void> work) { runToEnd(loop_, std::move(work)); }

    ClientResponse postOn(Client& client, ClientRequest made) {
        ClientResponse response;
        run([](Client& poster, ClientRequest sent, ClientResponse& result) -> awaitable<void> {
            ClientResponse got = co_await poster.post(std::move(sent));
            result = std::move(got);
        }(client, std::move(made), response));
        return response;
    }

    // The response to one post() while the receiver answers `answer` to one request and closes.
    ClientResponse answered(std::string answer, ClientRequest made) {
        inBackground([](Receiver& receiver, std::string text) -> awaitable<void> {
            RawPeer peer = co_await receiver.acceptRequest();
            co_await peer.send(text);
        }(receiver_, std::move(answer)));
        return postOn(client_, std::move(made));
    }
    ClientResponse answered(std::string answer) { return answered(std::move(answer), request()); }

    asio::io_context loop_{1};
    Receiver receiver_{loop_};
    Client client_{loop_.get_executor()};
};

}  // namespace heddle::http::test
