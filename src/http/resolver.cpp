// SPDX-License-Identifier: Apache-2.0
#include "http/resolver.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "http/dns_channel.hpp"

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using Addresses = std::vector<asio::ip::address>;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr seconds kConfigurationAge{60};  // then /etc/resolv.conf is read again, at the next quiet moment

bool isLocalhost(std::string_view host) {
    static constexpr std::string_view kName = "localhost";
    if (host.size() < kName.size()) return false;
    const auto tail = host.substr(host.size() - kName.size());
    return isSameName(tail, kName) &&
           (host.size() == kName.size() || host[host.size() - kName.size() - 1] == '.');
}

// What needs no name server.
std::optional<Addresses> known(std::string host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    boost::system::error_code ec;
    const auto literal = asio::ip::make_address(host, ec);
    if (!ec) return Addresses{literal};
    if (host.size() > 1 && host.back() == '.') host.pop_back();
    in_addr numeric{};
    // inet_aton ignores what follows white space.
    if (host.find_first_of(" \t\r\n\v\f") == std::string::npos && inet_aton(host.c_str(), &numeric) == 1) {
        return Addresses{asio::ip::address_v4(ntohl(numeric.s_addr))};
    }
    if (isLocalhost(host))
        return Addresses{asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
    return std::nullopt;
}

}  // namespace

class Resolver::Impl {
  public:
    Impl(asio::any_io_executor loop, ResolverOptions options)
        : loop_(std::move(loop)), options_(std::move(options)) {}

    static asio::awaitable<Result<Addresses>> resolve(std::shared_ptr<Impl> self, std::string host,
                                                      milliseconds timeout);
    // Lookups under way end with a Problem.
    void close() { channel_.reset(); }

  private:
    struct Lookup {
        explicit Lookup(const asio::any_io_executor& loop) : done(loop) {}
        asio::steady_timer done;  // at the deadline, or cancelled by the answer
        std::optional<Result<Addresses>> answer;
    };

    void refresh();

    asio::any_io_executor loop_;
    ResolverOptions options_;
    std::shared_ptr<DnsChannel> channel_;  // made by the first lookup
    SystemClock clock_;
    microseconds made_{};
};

void Resolver::Impl::refresh() {
    const microseconds now = clock_.steady();
    if (channel_ && (channel_->isBusy() || now - made_ < kConfigurationAge)) return;
    channel_ = std::make_shared<DnsChannel>(loop_, options_.servers);
    made_ = now;
}

asio::awaitable<Result<Addresses>> Resolver::Impl::resolve(std::shared_ptr<Impl> self, std::string host,
                                                           milliseconds timeout) {
    if (host.empty() || host.find('\0') != std::string::npos)
        co_return Problem::notFound("the host name is empty");
    if (auto addresses = known(host)) co_return std::move(*addresses);

    self->refresh();
    const auto lookup = std::make_shared<Lookup>(self->loop_);
    lookup->done.expires_after(timeout);
    self->channel_->lookup(host, [lookup](Result<Addresses> answer) {
        if (lookup->answer) return;
        lookup->answer = std::move(answer);
        lookup->done.cancel();
    });
    // /etc/hosts answers at once.
    if (!lookup->answer) co_await lookup->done.async_wait(kTuple);
    if (!lookup->answer) lookup->answer = Problem::unavailable("the name lookup timed out");
    co_return std::move(*lookup->answer);
}

Resolver::Resolver(asio::any_io_executor loop, ResolverOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(options))) {}

Resolver::~Resolver() {
    impl_->close();
}

asio::awaitable<Result<Addresses>> Resolver::resolve(std::string host, std::chrono::milliseconds timeout) {
    return Impl::resolve(impl_, std::move(host), timeout);
}

}  // namespace heddle::http
