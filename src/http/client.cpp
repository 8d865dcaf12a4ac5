// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include "base/time.hpp"
#include "http/client_attempt.hpp"
#include "http/client_dialer.hpp"
#include "http/client_exchange.hpp"
#include "http/client_pool.hpp"
#include "http/client_wire.hpp"
#include "http/time_limit.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using Ending = ClientAttempt::Ending;

ClientResponse failed(ClientFault fault) {
    ClientResponse response;
    response.failure = fault.failure;
    response.error = std::move(fault.error);
    return response;
}

}  // namespace

class Client::Impl {
  public:
    Impl(asio::any_io_executor loop, ClientTls tls)
        : loop_(std::move(loop)), dialer_(loop_, std::move(tls), clock_), pool_(loop_) {}

    static asio::awaitable<ClientResponse> post(std::shared_ptr<Impl> self, ClientRequest request);
    void close();

  private:
    asio::awaitable<ClientResponse> attempt(ClientAttempt& attempt, const ClientRequest& request);
    std::shared_ptr<ClientConnection> takeKept(const ClientRequest& request, ClientPool::Key& key);
    ClientResponse finish(ClientAttempt& attempt, ClientPool::Key key, ClientExchange exchanged);

    asio::any_io_executor loop_;
    SystemClock clock_;
    ClientDialer dialer_;
    ClientPool pool_;
    std::vector<std::shared_ptr<ClientAttempt>> attempts_;
    bool closed_ = false;
};

asio::awaitable<ClientResponse> Client::Impl::post(std::shared_ptr<Impl> self, ClientRequest request) {
    const microseconds started = self->clock_.steady();
    const auto attempt = std::make_shared<ClientAttempt>();
    attempt->deadline = started + request.timeout;
    self->attempts_.push_back(attempt);
    if (self->closed_) attempt->end(Ending::kClosed);
    const TimeLimit limit(self->loop_, request.timeout,
                          [raw = attempt.get()] { raw->end(Ending::kTimeout); });

    ClientResponse response;
    std::exception_ptr broken;
    try {
        ClientResponse made = co_await self->attempt(*attempt, request);
        response = std::move(made);
    } catch (...) {
        broken = std::current_exception();
    }
    if (broken) {
        attempt->end(Ending::kClosed);  // whatever state its connection is in
        response = failed({ClientFailure::kProtocol, "the request could not be made"});
    }
    std::erase(self->attempts_, attempt);
    response.took = self->clock_.steady() - started;
    response.phases = attempt->phases;
    co_return response;
}

asio::awaitable<ClientResponse> Client::Impl::attempt(ClientAttempt& attempt, const ClientRequest& request) {
    if (auto problem = unsendable(request)) {
        co_return failed({ClientFailure::kProtocol, std::move(*problem)});
    }
    if (attempt.hasEnded()) co_return failed(attempt.verdict({}));

    ClientPool::Key key{request.tls, request.host, request.port, {}, {}};
    attempt.connection = takeKept(request, key);
    if (attempt.connection) {
        ClientExchange exchanged = co_await exchange(attempt, request, clock_);
        const bool has_died = exchanged.is_silent && exchanged.response.failure == ClientFailure::kReset;
        if (!has_died || attempt.hasEnded()) co_return finish(attempt, key, std::move(exchanged));
        attempt.connection->abort();  // kept alive here, not there: sent again, once, on a new connection
    }
    ClientFault fault = co_await dialer_.open(attempt, request, key);
    if (fault) {
        if (attempt.connection) attempt.connection->abort();
        co_return failed(std::move(fault));
    }
    ClientExchange exchanged = co_await exchange(attempt, request, clock_);
    co_return finish(attempt, key, std::move(exchanged));
}

std::shared_ptr<ClientConnection> Client::Impl::takeKept(const ClientRequest& request, ClientPool::Key& key) {
    const auto to_any_target = [&]() -> std::shared_ptr<ClientConnection> {
        for (const auto& address : targetsOf(request)) {
            key.address = address;
            if (auto found = pool_.take(key)) return found;
        }
        return nullptr;
    };
    if (!request.proxy) return to_any_target();
    for (const auto& address : request.proxy->addresses) {
        key.proxy = asio::ip::tcp::endpoint(address, request.proxy->port);
        if (auto found = to_any_target()) return found;
    }
    return nullptr;
}

ClientResponse Client::Impl::finish(ClientAttempt& attempt, ClientPool::Key key, ClientExchange exchanged) {
    auto connection = std::exchange(attempt.connection, nullptr);
    if (exchanged.is_reusable && !attempt.hasEnded()) {
        pool_.put(std::move(key), std::move(connection));
    } else {
        connection->abort();
    }
    return std::move(exchanged.response);
}

void Client::Impl::close() {
    closed_ = true;
    pool_.clear();
    const auto under_way = attempts_;
    for (const auto& attempt : under_way) attempt->end(Ending::kClosed);
}

Client::Client(asio::any_io_executor loop, ClientTls tls)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(tls))) {}

Client::~Client() {
    close();
}

asio::awaitable<ClientResponse> Client::post(ClientRequest request) {
    return Impl::post(impl_, std::move(request));
}

void Client::close() {
    impl_->close();
}

}  // namespace heddle::http
