// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include "base/log.hpp"
#include "http/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <netinet/tcp.h>

#include <algorithm>
#include <cctype>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kBacklog = 4096;
constexpr milliseconds kTick{1000};  // deadlines are met this late at most
constexpr milliseconds kAcceptPause{100};
constexpr int kUnacknowledgedMs = 300'000;  // a peer that vanished is given up after this time

// TCP_USER_TIMEOUT
class UserTimeout {
  public:
    template <class Protocol>
    [[nodiscard]] int level(const Protocol&) const {
        return IPPROTO_TCP;
    }
    template <class Protocol>
    [[nodiscard]] int name(const Protocol&) const {
        return TCP_USER_TIMEOUT;
    }
    template <class Protocol>
    [[nodiscard]] const void* data(const Protocol&) const {
        return &value_;
    }
    template <class Protocol>
    [[nodiscard]] std::size_t size(const Protocol&) const {
        return sizeof value_;
    }

  private:
    int value_ = kUnacknowledgedMs;
};

class ListenError final : public boost::system::system_error {
  public:
    ListenError(const error_code& ec, const ServerOptions& options) : system_error(ec) {
        const bool is_ipv6 = options.host.find(':') != std::string::npos && options.host.front() != '[';
        std::string reason = ec.message();
        if (!reason.empty())
            reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
        text_ = "cannot listen on " + (is_ipv6 ? "[" + options.host + "]" : options.host) + ":" +
                std::to_string(options.port) + ": " + reason;
    }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string text_;
};

asio::ip::address parseHost(std::string host, error_code& ec) {
    if (host == "localhost") return asio::ip::address_v4::loopback();
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    return asio::ip::make_address(host, ec);
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(asio::any_io_executor loop, Handler handle, std::function<void(const Exchange&)> observe)
        : core_(std::make_shared<ServerCore>(loop, std::move(handle), std::move(observe))),
          acceptor_(loop),
          ticker_(loop) {}

    void listen(const ServerOptions& options);
    void start();
    void stopAccepting();
    asio::awaitable<void> drain(milliseconds limit);
    void close();

    [[nodiscard]] const asio::ip::address& address() const { return address_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::size_t connections() const { return core_->sessions.size(); }

  private:
    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    static asio::awaitable<void> tick(std::shared_ptr<Impl> self);
    void admit(tcp::socket socket);

    // By index: what is called may end sessions, which then swap places.
    template <class Use>
    void eachSession(Use&& use) {
        for (std::size_t i = core_->sessions.size(); i-- > 0;) {
            if (i < core_->sessions.size()) use(*core_->sessions[i]);
        }
    }

    std::shared_ptr<ServerCore> core_;
    tcp::acceptor acceptor_;
    asio::steady_timer ticker_;
    milliseconds tick_ = kTick;
    asio::ip::address address_;
    std::uint16_t port_ = 0;
    bool ticking_ = false;
    bool closed_ = false;
};

void Server::Impl::listen(const ServerOptions& options) {
    core_->limits = options.limits;
    core_->request_limits = {options.limits.header_bytes, options.limits.header_fields,
                             options.limits.target_bytes, options.limits.body_bytes};
    const auto shortest = std::min(
        {options.limits.idle, options.limits.header_time, options.limits.write_stall, options.limits.linger});
    tick_ = std::clamp(shortest / 2, milliseconds(5), kTick);

    error_code ec;
    const asio::ip::address address = parseHost(options.host, ec);
    const tcp::endpoint endpoint(address, options.port);
    if (!ec) acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    // Accepted sockets inherit these two.
    if (!ec) acceptor_.set_option(tcp::no_delay(true), ec);
    if (!ec) acceptor_.set_option(UserTimeout(), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(kBacklog, ec);
    if (ec) {
        error_code ignored;
        acceptor_.close(ignored);
        throw ListenError(ec, options);
    }
    address_ = acceptor_.local_endpoint().address();
    port_ = acceptor_.local_endpoint().port();
}

void Server::Impl::start() {
    asio::co_spawn(core_->loop, accept(shared_from_this()), asio::detached);
}

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> self) {
    while (self->acceptor_.is_open()) {
        auto [ec, socket] = co_await self->acceptor_.async_accept(kTuple);
        if (!ec) {
            self->admit(std::move(socket));
        } else if (ec != asio::error::operation_aborted && ec != asio::error::connection_aborted) {
            // No more descriptors, most likely: those in use must end first.
            log::warning("http.accept_failed", {{"error", ec.message()}});
            asio::steady_timer pause(self->core_->loop, kAcceptPause);
            co_await pause.async_wait(kTuple);
        }
    }
}

void Server::Impl::admit(tcp::socket socket) {
    const std::size_t most = core_->limits.connections;
    const std::size_t now = core_->sessions.size();
    // Some more than the bound are told so; beyond these a connection is just closed.
    if (now >= most + std::max<std::size_t>(16, most / 16)) return;
    const auto admission = now < most ? Session::Admission::kServe : Session::Admission::kOverload;
    auto session = std::make_shared<Session>(core_, std::move(socket), admission);
    asio::co_spawn(core_->loop, Session::run(std::move(session)), asio::detached);
    if (!ticking_) {
        ticking_ = true;
        asio::co_spawn(core_->loop, tick(shared_from_this()), asio::detached);
    }
}

// One timer for the deadlines of all connections; none while there is no connection.
asio::awaitable<void> Server::Impl::tick(std::shared_ptr<Impl> self) {
    while (!self->core_->sessions.empty() && !self->closed_) {
        self->ticker_.expires_after(self->tick_);
        const auto [ec] = co_await self->ticker_.async_wait(kTuple);
        const microseconds now = self->core_->clock.steady();
        if (!ec) self->eachSession([now](Session& session) { session.tick(now); });
    }
    self->ticking_ = false;
}

void Server::Impl::stopAccepting() {
    error_code ignored;
    acceptor_.close(ignored);
    core_->stopping = true;
    eachSession([](Session& session) { session.stop(); });
}

asio::awaitable<void> Server::Impl::drain(milliseconds limit) {
    stopAccepting();
    eachSession([](Session& session) { session.breakStream(); });
    if (!core_->sessions.empty()) {
        const auto timer = std::make_shared<asio::steady_timer>(core_->loop, limit);
        core_->drained = timer;
        co_await timer->async_wait(kTuple);
        core_->drained.reset();
    }
    close();
}

void Server::Impl::close() {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    ticker_.cancel();
    eachSession([](Session& session) { session.close(); });
}

Server::Server(asio::any_io_executor loop, Handler handle, std::function<void(const Exchange&)> observe)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(handle), std::move(observe))) {}

Server::~Server() {
    impl_->close();
}

void Server::listen(const ServerOptions& options) {
    impl_->listen(options);
}
asio::ip::address Server::address() const {
    return impl_->address();
}
std::uint16_t Server::port() const {
    return impl_->port();
}
void Server::start() {
    impl_->start();
}
void Server::stopAccepting() {
    impl_->stopAccepting();
}
asio::awaitable<void> Server::drain(std::chrono::milliseconds limit) {
    return impl_->drain(limit);
}
std::size_t Server::connections() const {
    return impl_->connections();
}

}  // namespace heddle::http
