// SPDX-License-Identifier: Apache-2.0
#include "http/client_dialer.hpp"

#include "base/limits.hpp"
#include "http/client_wire.hpp"
#include "http/response_reader.hpp"
#include "http/time_limit.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Stage = ClientAttempt::Stage;

// Of several addresses' faults the one that says most: on a host without IPv6 the last is often
// "unreachable".
ClientFault moreTelling(ClientFault before, ClientFault now) {
    const bool says_less = now.failure == ClientFailure::kConnectFailed;
    return says_less && before ? before : now;
}

ClientFault answerFault(const ResponseReader& reader, ResponseReader::State state, const error_code& broken) {
    using State = ResponseReader::State;
    if (state == State::kNeedMore) return proxyFault(describe(broken));
    const bool is_ok = reader.response().status() / 100 == 2;
    // Nobody speaks first in a tunnel: neither TLS nor HTTP servers do.
    if (state != State::kDone || (is_ok && reader.hasSurplus())) {
        return proxyFault("the answer is not valid HTTP/1.1");
    }
    if (is_ok) return {};
    return {ClientFailure::kProxy, "proxy answered HTTP " + std::to_string(reader.response().status())};
}

}  // namespace

std::span<const asio::ip::address> targetsOf(const ClientRequest& request) {
    static const std::array<asio::ip::address, 1> by_name{};
    const bool is_named = request.proxy && request.proxy->target == ClientProxy::Target::kName;
    if (is_named) return by_name;
    return request.addresses;
}

asio::awaitable<ClientFault> ClientDialer::open(ClientAttempt& attempt, const ClientRequest& request,
                                                ClientPool::Key& key) {
    const microseconds started = clock_.steady();
    const TimeLimit limit(loop_, request.connect_timeout,
                          [&attempt] { attempt.end(ClientAttempt::Ending::kConnectTimeout); });
    const microseconds until = std::min<microseconds>(started + request.connect_timeout, attempt.deadline);
    ClientFault fault = co_await reach(attempt, request, key, until);
    const microseconds reached = clock_.steady();
    attempt.phases.connect = reached - started;
    if (!fault && !attempt.hasEnded() && request.tls) {
        attempt.stage = Stage::kTls;
        ClientFault refused = co_await secure(attempt, request.host);
        fault = std::move(refused);
        attempt.phases.tls = clock_.steady() - reached;
    }
    co_return attempt.verdict(std::move(fault));
}

asio::awaitable<ClientFault> ClientDialer::reach(ClientAttempt& attempt, const ClientRequest& request,
                                                 ClientPool::Key& key, microseconds until) {
    const auto targets = targetsOf(request);
    ClientFault fault{ClientFailure::kConnectFailed, "no address to connect to"};
    for (std::size_t i = 0; i < targets.size() && !attempt.hasEnded(); ++i) {
        key.address = targets[i];
        if (!request.proxy) {
            attempt.stage = Stage::kConnecting;
            const tcp::endpoint endpoint(key.address, request.port);
            ClientFault refused = co_await dial(attempt, endpoint, shareOf(until, targets.size() - i));
            if (!refused) co_return refused;
            fault = i == 0 ? std::move(refused) : moreTelling(std::move(fault), std::move(refused));
            continue;
        }
        attempt.stage = Stage::kProxy;
        ClientFault unreachable = co_await dialProxy(attempt, *request.proxy, key, until);
        if (unreachable || attempt.hasEnded()) co_return unreachable;
        const std::string host = key.address.is_unspecified() ? request.host : key.address.to_string();
        std::string head = connectHead(host, request.port, request.proxy->authorization);
        Tunnel tunnelled = co_await tunnel(attempt, std::move(head), shareOf(until, targets.size() - i));
        if (!tunnelled.fault || tunnelled.is_final) co_return std::move(tunnelled.fault);
        fault = std::move(tunnelled.fault);
    }
    co_return fault;
}

asio::awaitable<ClientFault> ClientDialer::dial(ClientAttempt& attempt, tcp::endpoint endpoint, Share share) {
    const auto connection = std::make_shared<ClientConnection>(loop_);
    attempt.connection = connection;
    std::optional<TimeLimit> limit;
    if (share) limit.emplace(loop_, *share, [raw = connection.get()] { raw->abort(); });
    const error_code ec = co_await connection->connect(endpoint);
    if (limit && limit->hasPassed()) {
        co_return ClientFault{ClientFailure::kConnectTimeout, "connection timed out"};
    }
    co_return ec ? dialFault(ec) : ClientFault{};
}

// The first of the proxy's addresses that accepts.
asio::awaitable<ClientFault> ClientDialer::dialProxy(ClientAttempt& attempt, const ClientProxy& proxy,
                                                     ClientPool::Key& key, microseconds until) {
    ClientFault fault{ClientFailure::kConnectFailed, "no address to connect to"};
    for (std::size_t i = 0; i < proxy.addresses.size() && !attempt.hasEnded(); ++i) {
        key.proxy = tcp::endpoint(proxy.addresses[i], proxy.port);
        ClientFault refused = co_await dial(attempt, key.proxy, shareOf(until, proxy.addresses.size() - i));
        if (!refused) co_return refused;
        fault = i == 0 ? std::move(refused) : moreTelling(std::move(fault), std::move(refused));
    }
    co_return proxyFault(fault.error);
}

asio::awaitable<ClientDialer::Tunnel> ClientDialer::tunnel(ClientAttempt& attempt, std::string head,
                                                           Share share) {
    const auto connection = attempt.connection;
    std::optional<TimeLimit> limit;
    if (share) limit.emplace(loop_, *share, [raw = connection.get()] { raw->abort(); });
    const std::string no_body;
    connection->send(std::move(head), no_body);
    ResponseReader reader(0, ResponseParser::Body::kNone);
    auto state = ResponseReader::State::kNeedMore;
    error_code broken;
    std::array<char, 2'048> bytes;
    while (state == ResponseReader::State::kNeedMore && !broken) {
        const auto room = asio::buffer(bytes);
        const IoResult got = co_await connection->read(room);
        state = reader.take(std::string_view(bytes.data(), got.bytes));
        broken = got.error;
    }
    Tunnel result{answerFault(reader, state, broken), false};
    if (result.fault) connection->abort();
    co_await connection->sent();
    if (limit && limit->hasPassed()) {
        result.fault = proxyFault("timed out");
    } else if (result.fault && state == ResponseReader::State::kDone) {
        // 403 and 5xx may be about this address.
        const unsigned status = reader.response().status();
        result.is_final = status < 500 && status != 403;
    }
    co_return result;
}

asio::awaitable<ClientFault> ClientDialer::secure(ClientAttempt& attempt, std::string host) {
    const Result<asio::ssl::context*> context = tls_.get();
    if (!context) co_return ClientFault{ClientFailure::kTlsFailed, context.error().detail};
    co_return co_await attempt.connection->handshake(**context, std::move(host));
}

// What one of several candidates gets of the time that is left.
ClientDialer::Share ClientDialer::shareOf(microseconds until, std::size_t candidates) const {
    if (candidates < 2) return std::nullopt;
    const microseconds left = std::max(until - clock_.steady(), microseconds(0));
    return std::min<microseconds>(limits::kClientNextAddress, left / candidates);
}

}  // namespace heddle::http
