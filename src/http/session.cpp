// SPDX-License-Identifier: Apache-2.0
// The answering half of a session, and its life.
#include "http/session.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <span>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kRequestIdChars = 128;
constexpr std::size_t kStreamBytesInARow = 256 * 1024;  // before other connections have their turn

bool isPlain(std::string_view id) {
    return !id.empty() && id.size() <= kRequestIdChars &&
           std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
}

Response refusal(unsigned status, std::string_view detail) {
    Response response = Response::json(status, R"({"detail":")" + std::string(detail) + R"("})");
    if (status == 503) response.headers.set("retry-after", "1");
    return response;
}

bool hasNoBody(unsigned status) {
    return status == 204 || status == 304;
}

std::string describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "unknown exception";
    }
}

}  // namespace

FastRandom::FastRandom() {
    SystemRandom seed;
    seed.fill({reinterpret_cast<std::uint8_t*>(&state_), sizeof state_});
}

void FastRandom::fill(std::span<std::uint8_t> out) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i % 8 == 0) {  // splitmix64
            word = state_ += 0x9e3779b97f4a7c15;
            word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
            word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
            word ^= word >> 31;
        }
        out[i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
    }
}

ServerCore::ServerCore(asio::any_io_executor executor, Handler handler,
                       std::function<void(const Exchange&)> observer)
    : loop(std::move(executor)), handle(std::move(handler)), observe(std::move(observer)) {}

std::string_view ServerCore::date() {
    const Timestamp now = clock.now();
    const std::int64_t second = now.micros() / 1'000'000;
    if (second != date_second_) {
        date_second_ = second;
        date_ = httpDate(now);
    }
    return date_;
}

std::string ServerCore::newRequestId() {
    return Uuid::v7(clock.now(), random).str();
}

bool Outgoing::empty() const {
    return std::ranges::all_of(parts, [](std::string_view part) { return part.empty(); });
}

void Outgoing::consume(std::size_t bytes) {
    for (auto& part : parts) {
        const auto taken = std::min(bytes, part.size());
        part.remove_prefix(taken);
        bytes -= taken;
    }
}

Session::Session(std::shared_ptr<ServerCore> core, asio::ip::tcp::socket socket, Admission admission)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      index_(core_->sessions.size()),
      admission_(admission) {
    core_->sessions.push_back(this);
    error_code ignored;
    socket_.non_blocking(true, ignored);
}

Session::~Session() {
    core_->sessions.back()->index_ = index_;
    std::swap(core_->sessions[index_], core_->sessions.back());
    core_->sessions.pop_back();
    if (core_->sessions.empty() && core_->drained != nullptr) core_->drained->cancel();
}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
    std::exception_ptr failed;
    try {
        for (bool more = true; more;) {
            const Input input = co_await self->readRequest();
            if (input == Input::kClosed) break;
            const bool again = co_await self->respond(input);
            more = again;
            if (self->input_.empty()) continue;
            // Pipelined requests take turns with the other connections, or are dropped so that the last
            // answer arrives.
            co_await asio::post(self->core_->loop, asio::use_awaitable);
            if (!more) co_await self->linger();
        }
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed) log::error("http.session_failed", {{"error", describe(failed)}});
    self->close();
}

void Session::tick(microseconds now) {
    if (now < deadline_) return;
    expired_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Session::stop() {
    error_code ignored;
    if (phase_ == Phase::kIdle) socket_.cancel(ignored);
}

void Session::breakStream() {
    if (phase_ == Phase::kStreaming) markGone();
}

void Session::close() {
    markGone();
}

asio::awaitable<bool> Session::respond(Input input) {
    phase_ = Phase::kHandling;
    nameRequest();
    if (admission_ == Admission::kOverload && input == Input::kRequest) {
        input = refuse(503, "The server has too many connections");
    }
    if (input == Input::kRefused) {
        Response response = refusal(refused_status_, refused_detail_);
        keep_alive_ = false;
        co_await sendPlain(std::move(response));
        co_await linger();
        co_return false;
    }

    Response response;
    std::exception_ptr failed;
    try {
        Response made = co_await core_->handle(request_);
        response = std::move(made);
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed) {
        logFailure(describe(failed));
        response = Response::json(500, R"({"detail":"Internal Server Error"})");
    }
    if (core_->stopping || asksToClose(response)) keep_alive_ = false;
    if (response.stream && !is_head_) co_return co_await stream(std::move(response));
    co_return co_await sendPlain(std::move(response));
}

asio::awaitable<bool> Session::sendPlain(Response response) {
    const bool has_body = !is_head_ && !hasNoBody(response.status);
    Framing framing = hasNoBody(response.status) ? Framing::kNone : Framing::kLength;
    if (response.stream) framing = http10_ ? Framing::kNone : Framing::kChunked;  // HEAD
    Outgoing out{{head(response, framing), has_body ? std::string_view(response.body) : std::string_view()}};
    bool sent = sendNow(out);
    if (sent && !out.empty()) {
        const std::string rest_of_head(out.parts[0]);
        out.parts[0] = rest_of_head;
        const bool sent_rest = co_await send(out);
        sent = sent_rest;
    }
    report(response.status);
    co_return sent&& keep_alive_;
}

asio::awaitable<bool> Session::stream(Response response) {
    if (http10_) keep_alive_ = false;
    Outgoing start{{head(response, http10_ ? Framing::kUntilClose : Framing::kChunked)}};
    const unsigned status = response.status;
    const StreamBody body = std::move(response.stream);
    client_end_ = response.client_end;
    response = Response{};
    request_ = Request{request_.method,
                       {},
                       std::move(request_.path),
                       {},
                       {},
                       {},
                       {},
                       std::move(request_.logged),
                       std::move(request_.request_id)};
    // A head fits every socket's send buffer; one that still has a whole pipeline's answers in it is stuck.
    std::exception_ptr failed;
    if (sendNow(start) && start.empty()) {
        phase_ = Phase::kStreaming;
        watch();
        try {
            co_await body(*this);
        } catch (...) {
            failed = std::current_exception();
        }
    } else {
        markGone();
    }
    phase_ = Phase::kWriting;
    watching_ = false;
    on_gone_ = nullptr;
    if (failed) {
        logFailure(describe(failed));
        markGone();
    }
    if (!gone_) {
        error_code ignored;
        socket_.cancel(ignored);  // the watch
        if (!http10_) {
            const Outgoing end{{"0\r\n\r\n"}};
            const bool sent = co_await send(end);
            if (!sent) markGone();
        }
    }
    report(status);
    co_return !gone_ && keep_alive_ && !core_->stopping;
}

asio::awaitable<bool> Session::write(std::string_view bytes) {
    if (gone_ || bytes.empty()) co_return !gone_;
    std::array<char, 18> size_line{};
    Outgoing out{{std::string_view(), bytes, std::string_view()}};
    if (!http10_) {
        char* const end = std::to_chars(size_line.data(), size_line.data() + 16, bytes.size(), 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        out.parts[0] = {size_line.data(), static_cast<std::size_t>(end + 2 - size_line.data())};
        out.parts[2] = "\r\n";
    }
    unyielded_ += bytes.size();
    if (unyielded_ > kStreamBytesInARow) {
        unyielded_ = 0;
        co_await asio::post(core_->loop, asio::use_awaitable);
    }
    while (!gone_) {
        if (!sendNow(out)) markGone();
        if (gone_ || out.empty()) break;
        unyielded_ = 0;
        const auto [ec] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kTuple);
        if (ec) markGone();
    }
    co_return !gone_;
}

void Session::onGone(std::function<void()> callback) {
    on_gone_ = std::move(callback);
    if (!gone_) return;
    asio::post(core_->loop, [self = shared_from_this()] {
        if (const auto told = std::exchange(self->on_gone_, nullptr)) told();
    });
}

void Session::cancel() {
    markGone();
}

asio::awaitable<bool> Session::send(Outgoing out) {
    phase_ = Phase::kWriting;
    bool sent = sendNow(out);
    while (sent && !out.empty()) {
        deadline_ = core_->clock.steady() + core_->limits.write_stall;
        const auto [ec] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kTuple);
        sent = !ec && sendNow(out);
    }
    deadline_ = kNever;
    co_return sent;
}

bool Session::sendNow(Outgoing& out) {
    while (!out.empty()) {
        const std::array buffers{asio::buffer(out.parts[0]), asio::buffer(out.parts[1]),
                                 asio::buffer(out.parts[2])};
        error_code ec;
        const std::size_t taken = socket_.write_some(buffers, ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) return true;
        if (ec) return false;
        out.consume(taken);
    }
    return true;
}

std::string_view Session::head(const Response& response, Framing framing) {
    HeadFacts facts;
    facts.date = core_->date();
    facts.request_id = request_.request_id;
    facts.framing = framing;
    facts.length = response.body.size();
    if (!keep_alive_) {
        facts.persistence = Persistence::kClose;
    } else if (http10_ || framing == Framing::kChunked) {
        facts.persistence = Persistence::kKeepAlive;
    }
    core_->output.clear();
    appendHead(core_->output, response, facts);
    return core_->output;
}

void Session::nameRequest() {
    const auto given = request_.headers.get("x-request-id");
    request_.request_id = given && isPlain(*given) ? std::string(*given) : core_->newRequestId();
}

void Session::logFailure(const std::string& what) const {
    log::error("http.error", {{"request_id", request_.request_id},
                              {"method", toString(request_.method)},
                              {"path", request_.path},
                              {"error", what}});
}

void Session::report(unsigned status) {
    if (!core_->observe) return;
    const auto took = core_->clock.steady() - started_;
    core_->observe(
        Exchange{request_.method, request_.path, request_.request_id, status, took, request_.logged});
}

void Session::watch() {
    watching_ = true;
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [self = shared_from_this()](error_code ec) { self->onReadable(ec); });
}

// Something can be read while a response streams: the client's end, or requests sent ahead, which are kept
// for later.
void Session::onReadable(error_code ec) {
    if (!watching_ || ec == asio::error::operation_aborted) return;
    if (!ec) {
        const auto room =
            std::min(core_->limits.header_bytes - std::min(core_->limits.header_bytes, input_.size()),
                     core_->input.size());
        if (room == 0) return;  // no longer watched: a write will notice
        const std::size_t size = socket_.read_some(asio::buffer(core_->input, room), ec);
        input_.append(core_->input.data(), size);
    }
    if (!ec || ec == asio::error::would_block || ec == asio::error::try_again) {
        watch();
    } else if (ec == asio::error::eof && client_end_ == ClientEnd::kMayRead) {
        keep_alive_ = false;
        watchForReset();
    } else {
        markGone();
    }
}

// Nothing more can be read. If the client does not read either, it answers the next write with a reset.
void Session::watchForReset() {
    socket_.async_wait(asio::ip::tcp::socket::wait_error, [self = shared_from_this()](error_code ec) {
        if (self->watching_ && ec != asio::error::operation_aborted) self->markGone();
    });
}

void Session::markGone() {
    if (gone_) return;
    gone_ = true;
    error_code ignored;
    socket_.close(ignored);
    if (const auto told = std::exchange(on_gone_, nullptr)) told();
}

}  // namespace heddle::http
