// SPDX-License-Identifier: Apache-2.0
// The reading half of a session. No buffer of its own while it waits: the socket is waited for, then read
// into the server's shared buffer; only a part that cannot be used yet is kept.
#include "http/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kReadsInARow = 8;  // before other connections have their turn
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool wouldBlock(const error_code& ec) {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

}  // namespace

asio::awaitable<Session::Input> Session::readRequest() {
    beginRequest();
    std::optional<Input> done;
    if (!input_.empty()) done = parse({});
    while (!done) {
        if (core_->stopping && phase_ == Phase::kIdle) co_return Input::kClosed;
        const auto [ec] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, kTuple);
        if (!ec) {
            done = takeInput();
        } else if (expired_ && phase_ == Phase::kReading && socket_.is_open()) {
            done = refuse(408, "Request took too long");
        } else {
            done = Input::kClosed;
        }
    }
    parser_.reset();
    deadline_ = kNever;
    co_return *done;
}

void Session::beginRequest() {
    request_ = Request{};
    parser_.emplace(request_, core_->request_limits);
    phase_ = Phase::kIdle;
    expired_ = false;
    is_head_ = false;
    http10_ = false;
    keep_alive_ = false;
    started_ = core_->clock.steady();
    deadline_ = started_ + (admission_ == Admission::kServe ? core_->limits.idle : core_->limits.linger);
}

std::optional<Session::Input> Session::takeInput() {
    for (int i = 0; i < kReadsInARow; ++i) {
        error_code ec;
        const std::size_t size = socket_.read_some(asio::buffer(core_->input), ec);
        if (wouldBlock(ec)) return std::nullopt;
        if (ec) return Input::kClosed;
        const auto done = parse({core_->input.data(), size});
        if (done || size < core_->input.size()) return done;
    }
    return std::nullopt;
}

std::optional<Session::Input> Session::parse(std::string_view fresh) {
    std::string_view bytes = fresh;
    if (!input_.empty()) {
        input_ += fresh;
        bytes = input_;
    }
    if (phase_ == Phase::kIdle) {
        // RFC 9112 §2.2: empty lines before a request are skipped.
        bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
        if (!bytes.empty()) {
            phase_ = Phase::kReading;
            started_ = core_->clock.steady();
            deadline_ = started_ + core_->limits.header_time;
        }
    }
    ParseState state = parser_->feed(bytes);
    if (state == ParseState::kHeaderDone) {
        if (bytes.empty() && parser_->expectsContinue() && admission_ == Admission::kServe) {
            error_code ignored;  // if it does not go out, the client waits or sends all the same
            socket_.write_some(asio::buffer(kContinue), ignored);
        }
        state = parser_->feed(bytes);
    }
    if (input_.empty()) {
        input_ = bytes;
    } else {
        input_.erase(0, input_.size() - bytes.size());
    }
    if (input_.empty()) input_ = std::string();  // gives the memory back
    return settle(state);
}

std::optional<Session::Input> Session::settle(ParseState state) {
    switch (state) {
        case ParseState::kNeedMore:
        case ParseState::kHeaderDone:
            if (!request_.body.empty()) {
                const auto due = seconds(request_.body.size() / core_->limits.body_bytes_per_second);
                deadline_ = started_ + core_->limits.header_time + due;
            }
            return std::nullopt;
        case ParseState::kMessageDone:
            keep_alive_ = parser_->keepAlive() && admission_ == Admission::kServe;
            http10_ = parser_->isHttp10();
            is_head_ = request_.method == Method::kHead;
            return Input::kRequest;
        case ParseState::kRefused:
            break;
    }
    const auto refusal = parser_->refusal();
    return refuse(refusal.status, refusal.detail);
}

Session::Input Session::refuse(unsigned status, std::string_view detail) {
    refused_status_ = status;
    refused_detail_ = detail;
    return Input::kRefused;
}

asio::awaitable<void> Session::linger() {
    if (!socket_.is_open()) co_return;
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    phase_ = Phase::kLingering;
    expired_ = false;
    deadline_ = core_->clock.steady() + core_->limits.linger;
    while (!expired_) {
        const auto [waited] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, kTuple);
        if (waited) break;
        error_code ec;
        socket_.read_some(asio::buffer(core_->input), ec);
        if (ec && !wouldBlock(ec)) break;
    }
}

}  // namespace heddle::http
