// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include "base/time.hpp"
#include "http/client_connection.hpp"
#include "http/client_pool.hpp"
#include "http/client_wire.hpp"
#include "http/response_parser.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kHeadBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kInformationalMost = 16;       // 1xx before a response
constexpr milliseconds kNextAddress{3'000};  // an address that does not answer, when there are others

enum class Ending { kNone, kTimeout, kClosed };

// One post(): what its deadline and close() must be able to end.
struct Attempt {
    explicit Attempt(const asio::any_io_executor& loop) : deadline(loop) {}

    void end(Ending why) {
        if (ending != Ending::kNone || done) return;
        ending = why;
        if (connection) connection->abort();
    }

    asio::steady_timer deadline;
    std::shared_ptr<ClientConnection> connection;
    std::string_view doing = "connecting";
    Ending ending = Ending::kNone;
    bool done = false;
};

ClientResponse failed(const Attempt& attempt, ClientFailure failure, std::string error) {
    ClientResponse response;
    response.failure = failure;
    response.error = std::move(error);
    if (attempt.ending == Ending::kTimeout) {
        response.failure = ClientFailure::kTimeout;
        response.error = "timed out while " + std::string(attempt.doing);
    } else if (attempt.ending == Ending::kClosed) {
        response.failure = ClientFailure::kClosed;
        response.error = "the server is shutting down";
    }
    return response;
}

// What one exchange on one connection gave.
struct Exchanged {
    ClientResponse response;
    bool is_silent = false;  // not one byte came back
    bool reusable = false;
};

}  // namespace

class Client::Impl {
  public:
    Impl(asio::any_io_executor loop, std::string ca_file)
        : loop_(std::move(loop)), ca_file_(std::move(ca_file)), pool_(loop_) {}

    static asio::awaitable<ClientResponse> post(std::shared_ptr<Impl> self, ClientRequest request);
    void close();

  private:
    using ConnectionPtr = std::shared_ptr<ClientConnection>;

    asio::awaitable<ClientResponse> attempt(Attempt& attempt, const ClientRequest& request);
    asio::awaitable<ClientResponse> open(Attempt& attempt, const ClientRequest& request,
                                         ClientPool::Key& key);
    asio::awaitable<error_code> dial(Attempt& attempt, tcp::endpoint endpoint,
                                     std::optional<milliseconds> at_most);
    asio::awaitable<std::string> secure(Attempt& attempt, const std::string& host);
    asio::awaitable<Exchanged> exchange(Attempt& attempt, const ClientRequest& request);
    asio::awaitable<Exchanged> receive(Attempt& attempt, std::size_t read_max);
    ClientResponse finish(Attempt& attempt, ClientPool::Key key, Exchanged exchanged);

    asio::any_io_executor loop_;
    std::string ca_file_;
    std::unique_ptr<asio::ssl::context> tls_;
    ClientPool pool_;
    SystemClock clock_;
    std::vector<std::shared_ptr<Attempt>> attempts_;
    bool closed_ = false;
};

asio::awaitable<ClientResponse> Client::Impl::post(std::shared_ptr<Impl> self, ClientRequest request) {
    const microseconds started = self->clock_.steady();
    const auto attempt = std::make_shared<Attempt>(self->loop_);
    self->attempts_.push_back(attempt);
    if (self->closed_) attempt->end(Ending::kClosed);
    attempt->deadline.expires_after(request.timeout);
    attempt->deadline.async_wait([weak = std::weak_ptr(attempt)](error_code ec) {
        const auto late = weak.lock();
        if (!ec && late) late->end(Ending::kTimeout);
    });

    ClientResponse response;
    std::exception_ptr broken;
    try {
        ClientResponse made = co_await self->attempt(*attempt, request);
        response = std::move(made);
    } catch (...) {
        broken = std::current_exception();
    }
    if (broken) response = failed(*attempt, ClientFailure::kProtocol, "the request could not be made");
    attempt->done = true;
    attempt->deadline.cancel();
    std::erase(self->attempts_, attempt);
    response.took = self->clock_.steady() - started;
    co_return response;
}

asio::awaitable<ClientResponse> Client::Impl::attempt(Attempt& attempt, const ClientRequest& request) {
    if (const auto problem = unsendable(request))
        co_return failed(attempt, ClientFailure::kProtocol, *problem);
    if (request.addresses.empty())
        co_return failed(attempt, ClientFailure::kConnectFailed, "no address to connect to");
    if (attempt.ending != Ending::kNone) co_return failed(attempt, ClientFailure::kClosed, {});

    ClientPool::Key key{request.tls, request.host, request.port, {}};
    for (const auto& address : request.addresses) {
        key.address = address;
        attempt.connection = pool_.take(key);
        if (attempt.connection) break;
    }
    if (attempt.connection) {
        Exchanged exchanged = co_await exchange(attempt, request);
        const bool died = exchanged.is_silent && exchanged.response.failure == ClientFailure::kClosed;
        if (!died || attempt.ending != Ending::kNone) co_return finish(attempt, key, std::move(exchanged));
        attempt.connection->abort();  // kept alive here, not there: sent again, once, on a new connection
    }
    ClientResponse opened = co_await open(attempt, request, key);
    if (opened.failure != ClientFailure::kNone) co_return opened;
    Exchanged exchanged = co_await exchange(attempt, request);
    co_return finish(attempt, key, std::move(exchanged));
}

ClientResponse Client::Impl::finish(Attempt& attempt, ClientPool::Key key, Exchanged exchanged) {
    auto connection = std::exchange(attempt.connection, nullptr);
    if (exchanged.reusable && attempt.ending == Ending::kNone) {
        pool_.put(std::move(key), std::move(connection));
    } else {
        connection->abort();
    }
    return std::move(exchanged.response);
}

// The first address that accepts, and TLS on it. An address whose TLS fails is not followed by another.
asio::awaitable<ClientResponse> Client::Impl::open(Attempt& attempt, const ClientRequest& request,
                                                   ClientPool::Key& key) {
    error_code refused;
    for (std::size_t i = 0; i < request.addresses.size(); ++i) {
        std::optional<milliseconds> at_most;
        if (const auto left = request.addresses.size() - i; left > 1) {
            at_most = std::min(kNextAddress, request.timeout / static_cast<int>(left));
        }
        key.address = request.addresses[i];
        const tcp::endpoint endpoint(key.address, request.port);
        attempt.doing = "connecting";
        const error_code dialled = co_await dial(attempt, endpoint, at_most);
        refused = dialled;
        if (attempt.ending != Ending::kNone) co_return failed(attempt, ClientFailure::kConnectFailed, {});
        if (refused) continue;
        if (request.tls) {
            const std::string reason = co_await secure(attempt, request.host);
            if (!reason.empty()) {
                attempt.connection->abort();
                co_return failed(attempt, ClientFailure::kTlsFailed, reason);
            }
        }
        co_return ClientResponse{};
    }
    const bool was_slow = refused == asio::error::operation_aborted;
    co_return failed(attempt, ClientFailure::kConnectFailed,
                     was_slow ? "connection timed out" : describe(refused));
}

asio::awaitable<error_code> Client::Impl::dial(Attempt& attempt, tcp::endpoint endpoint,
                                               std::optional<milliseconds> at_most) {
    const auto connection = std::make_shared<ClientConnection>(loop_);
    attempt.connection = connection;
    asio::steady_timer patience(loop_);
    if (at_most) {
        patience.expires_after(*at_most);
        // The connection's coroutine may be past dialling when this runs: then the attempt has another
        // connection.
        patience.async_wait([weak = std::weak_ptr(connection)](error_code ec) {
            const auto slow = weak.lock();
            if (!ec && slow && slow->isDialling()) slow->abort();
        });
    }
    co_return co_await connection->connect(endpoint);
}

asio::awaitable<std::string> Client::Impl::secure(Attempt& attempt, const std::string& host) {
    attempt.doing = "setting up TLS";
    if (!tls_) {
        try {
            tls_ = makeTlsContext(ca_file_);
        } catch (const boost::system::system_error&) {
            co_return "the CA certificates cannot be read";
        }
    }
    co_return co_await attempt.connection->handshake(*tls_, host);
}

asio::awaitable<Exchanged> Client::Impl::exchange(Attempt& attempt, const ClientRequest& request) {
    attempt.doing = "sending the request";
    // What the write says does not matter yet: a receiver may answer (413, 401) and close before it has read
    // all.
    std::string head = requestHead(request);
    const error_code unsent = co_await attempt.connection->write(std::move(head), request.body);
    if (unsent && attempt.ending != Ending::kNone) {
        co_return Exchanged{failed(attempt, ClientFailure::kClosed, {}), true, false};
    }
    attempt.doing = "waiting for the response";
    Exchanged exchanged = co_await receive(attempt, request.read_max);
    if (unsent) {
        exchanged.reusable = false;
        if (exchanged.is_silent)
            exchanged.response = failed(attempt, ClientFailure::kClosed, describe(unsent));
    }
    co_return exchanged;
}

asio::awaitable<Exchanged> Client::Impl::receive(Attempt& attempt, std::size_t read_max) {
    using State = ResponseParser::State;
    Exchanged result;
    result.is_silent = true;
    auto parser = std::make_unique<ResponseParser>(kHeadBytes, read_max);
    std::string input;
    std::string chunk(kReadBytes, '\0');
    State state = State::kNeedMore;
    error_code broken;
    int informational = 0;
    while (state == State::kNeedMore && !broken) {
        const auto room = asio::buffer(chunk);
        const IoResult got = co_await attempt.connection->read(room);
        if (got.bytes > 0) result.is_silent = false;
        input.append(chunk, 0, got.bytes);
        std::string_view bytes = input;
        state = parser->feed(bytes);
        while (state == State::kInformation && ++informational <= kInformationalMost) {
            parser = std::make_unique<ResponseParser>(kHeadBytes, read_max);
            state = parser->feed(bytes);
        }
        input.erase(0, input.size() - bytes.size());
        if (parser->hasHead()) attempt.doing = "reading the response";
        if (state == State::kNeedMore && got.error == asio::error::eof) state = parser->finish();
        broken = got.error;
    }
    ClientResponse& response = result.response;
    if (state == State::kMalformed || state == State::kInformation) {
        response = failed(attempt, ClientFailure::kProtocol, "the response is not valid HTTP/1.1");
    } else if (state == State::kNeedMore) {
        const bool is_end = broken == asio::error::eof;
        std::string text = is_end ? "connection closed before the response was complete" : describe(broken);
        response = failed(attempt, ClientFailure::kClosed, std::move(text));
    }
    if (parser->hasHead()) {
        response.status = parser->status();
        response.headers = parser->takeHeaders();
        response.body = parser->takeBody();
        result.reusable = state == State::kDone && input.empty() && !broken && parser->keepAlive();
    }
    co_return result;
}

void Client::Impl::close() {
    closed_ = true;
    pool_.clear();
    const auto under_way = attempts_;
    for (const auto& attempt : under_way) attempt->end(Ending::kClosed);
}

Client::Client(asio::any_io_executor loop, ClientTls tls)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(tls.ca_file))) {}

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
