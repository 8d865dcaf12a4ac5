// SPDX-License-Identifier: Apache-2.0
#include "http/dns_channel.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace heddle::http {
namespace {

namespace asio = boost::asio;

constexpr int kTryMs = 2'000;  // of one server; doubled at the next round
constexpr int kTries = 3;

// Once for the process; a static's initialisation is the only synchronisation it needs.
void initialiseLibrary() {
    static const int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
}

Problem problem(int status) {
    switch (status) {
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME:
            return Problem::notFound("the host name does not exist");
        case ARES_ETIMEOUT:
            return Problem::unavailable("the name lookup timed out");
        case ARES_ECANCELLED:
        case ARES_EDESTRUCTION:
            return Problem::unavailable("the name lookup was cancelled");
        default:
            break;
    }
    return Problem::unavailable(std::string("the name lookup failed: ") + ares_strerror(status));
}

DnsChannel::Addresses addresses(const ares_addrinfo* found) {
    DnsChannel::Addresses list;
    for (const auto* node = found->nodes; node != nullptr; node = node->ai_next) {
        asio::ip::address address;
        if (node->ai_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, node->ai_addr, sizeof v4);
            address = asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
        } else if (node->ai_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, node->ai_addr, sizeof v6);
            asio::ip::address_v6::bytes_type bytes{};
            std::memcpy(bytes.data(), v6.sin6_addr.s6_addr, bytes.size());
            address = asio::ip::address_v6(bytes, v6.sin6_scope_id);
        } else {
            continue;
        }
        if (std::ranges::find(list, address) == list.end()) list.push_back(address);
    }
    return list;
}

}  // namespace

// A socket that c-ares owns; Asio only waits for it.
struct DnsChannel::Watch {
    Watch(const asio::any_io_executor& loop, ares_socket_t socket) : descriptor(loop, socket), fd(socket) {}
    ~Watch() { release(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void release() {
        if (descriptor.is_open()) descriptor.release();
    }

    asio::posix::stream_descriptor descriptor;
    ares_socket_t fd;
    bool want_read = false;
    bool want_write = false;
    bool reading = false;
    bool writing = false;
};

struct DnsChannel::Query {
    DnsChannel* channel;  // outlives the query: its destructor ends all of them
    Callback callback;
};

DnsChannel::DnsChannel(const asio::any_io_executor& loop, const std::string& servers)
    : loop_(loop), timer_(loop) {
    initialiseLibrary();
    ares_options options{};
    options.timeout = kTryMs;
    options.tries = kTries;
    options.sock_state_cb = &DnsChannel::onSocketState;
    options.sock_state_cb_data = this;
    const int status =
        ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
    if (!servers.empty() && ares_set_servers_ports_csv(channel_, servers.c_str()) != ARES_SUCCESS) {
        ares_destroy(channel_);
        throw std::invalid_argument("these name servers cannot be used: " + servers);
    }
}

DnsChannel::~DnsChannel() {
    ares_destroy(channel_);
}

void DnsChannel::lookup(const std::string& host, Callback callback) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ++under_way_;
    auto query = std::make_unique<Query>(Query{this, std::move(callback)});
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &DnsChannel::onAnswer, query.release());
    setTimer();
}

void DnsChannel::onAnswer(void* query, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<Query> done(static_cast<Query*>(query));
    --done->channel->under_way_;
    Addresses list;
    if (status == ARES_SUCCESS && found != nullptr) list = addresses(found);
    if (found != nullptr) ares_freeaddrinfo(found);
    if (!list.empty()) {
        done->callback(std::move(list));
    } else {
        done->callback(problem(status == ARES_SUCCESS ? ARES_ENODATA : status));
    }
}

// c-ares wants this socket watched; with neither, it is about to close it.
void DnsChannel::onSocketState(void* self, ares_socket_t socket, int readable, int writable) {
    auto& channel = *static_cast<DnsChannel*>(self);
    auto& watch = channel.watches_[socket];
    if (readable == 0 && writable == 0) {
        if (watch) watch->release();
        channel.watches_.erase(socket);
        return;
    }
    if (!watch) watch = std::make_shared<Watch>(channel.loop_, socket);
    watch->want_read = readable != 0;
    watch->want_write = writable != 0;
    channel.wait(watch);
}

void DnsChannel::wait(const std::shared_ptr<Watch>& watch) {
    using Descriptor = asio::posix::stream_descriptor;
    if (watch->want_read && !watch->reading) {
        watch->reading = true;
        watch->descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this(), watch](const auto&) {
            watch->reading = false;
            const auto self = weak.lock();
            if (!self || !watch->descriptor.is_open()) return;
            self->process(watch->fd, ARES_SOCKET_BAD);
            if (watch->descriptor.is_open()) self->wait(watch);
        });
    }
    if (watch->want_write && !watch->writing) {
        watch->writing = true;
        watch->descriptor.async_wait(Descriptor::wait_write, [weak = weak_from_this(), watch](const auto&) {
            watch->writing = false;
            const auto self = weak.lock();
            if (!self || !watch->descriptor.is_open()) return;
            self->process(ARES_SOCKET_BAD, watch->fd);
            if (watch->descriptor.is_open()) self->wait(watch);
        });
    }
}

void DnsChannel::process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    setTimer();
}

void DnsChannel::setTimer() {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec + 1'000));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
        const auto self = weak.lock();
        if (!ec && self) self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

}  // namespace heddle::http
