// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 connection, and what all connections of a server share. Everything runs on the loop thread.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "http/request_parser.hpp"
#include "http/response_head.hpp"
#include "http/server.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::http {

class Session;

// For request ids: unique, not secret.
class FastRandom final : public Random {
  public:
    FastRandom();
    void fill(std::span<std::uint8_t> out) override;

  private:
    std::uint64_t state_ = 0;
};

// Shared by the sessions of one server and kept alive by them.
struct ServerCore {
    ServerCore(boost::asio::any_io_executor executor, Handler handler,
               std::function<void(const Exchange&)> observer);

    // `date` header of this second.
    std::string_view date();
    std::string newRequestId();

    boost::asio::any_io_executor loop;
    Handler handle;
    std::function<void(const Exchange&)> observe;
    ServerLimits limits;
    RequestLimits request_limits{};
    SystemClock clock;
    FastRandom random;
    bool stopping = false;
    std::vector<Session*> sessions;                      // each knows its index
    std::shared_ptr<boost::asio::steady_timer> drained;  // cancelled when the last session ends
    std::array<char, std::size_t{64} * 1024> input{};    // read buffer of whoever reads just now
    std::string output;                                  // head of whoever answers just now

  private:
    std::int64_t date_second_ = -1;
    std::string date_;
};

// Bytes still to be sent, taken from the front.
struct Outgoing {
    std::array<std::string_view, 3> parts{};

    [[nodiscard]] bool empty() const;
    void consume(std::size_t bytes);
};

// Memory of an idle connection: the socket, one coroutine frame, no buffers.
class Session final : public StreamWriter, public std::enable_shared_from_this<Session> {
  public:
    enum class Admission { kServe, kOverload };

    Session(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket, Admission admission);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Serves requests until the connection ends.
    static boost::asio::awaitable<void> run(std::shared_ptr<Session> self);

    // The shared deadline tick: gives up what takes too long.
    void tick(microseconds now);
    // No further request; closes when idle.
    void stop();
    // Breaks a stream off.
    void breakStream();
    // Ends the connection at once.
    void close();

    boost::asio::awaitable<bool> write(std::string_view bytes) override;
    void onGone(std::function<void()> callback) override;
    [[nodiscard]] bool gone() const override { return gone_; }
    void cancel() override;

  private:
    enum class Phase { kIdle, kReading, kHandling, kWriting, kStreaming, kLingering };
    enum class Input { kRequest, kRefused, kClosed };
    static constexpr microseconds kNever = microseconds::max();

    // Reading (session_input.cpp).
    boost::asio::awaitable<Input> readRequest();
    void beginRequest();
    std::optional<Input> takeInput();
    std::optional<Input> parse(std::string_view fresh);
    std::optional<Input> settle(ParseState state);
    Input refuse(unsigned status, std::string_view detail);
    boost::asio::awaitable<void> linger();

    // Answering (session.cpp).
    boost::asio::awaitable<bool> respond(Input input);
    boost::asio::awaitable<bool> sendPlain(Response response);
    boost::asio::awaitable<bool> stream(Response response);
    boost::asio::awaitable<bool> send(Outgoing out);
    bool sendNow(Outgoing& out);
    std::string_view head(const Response& response, Framing framing);
    void nameRequest();
    void report(unsigned status);
    void logFailure(const std::string& what) const;

    void watch();
    void onReadable(boost::system::error_code ec);
    void watchForReset();
    void markGone();

    std::shared_ptr<ServerCore> core_;
    boost::asio::ip::tcp::socket socket_;
    std::size_t index_ = 0;  // in core_->sessions
    microseconds deadline_ = kNever;
    microseconds started_{};  // first byte of the request
    std::optional<RequestParser> parser_;
    Request request_;
    std::string input_;  // bytes that came and were not used yet
    std::function<void()> on_gone_;
    std::size_t unyielded_ = 0;  // bytes streamed since the loop last had its turn
    unsigned refused_status_ = 0;
    std::string_view refused_detail_;
    Phase phase_ = Phase::kIdle;
    Admission admission_;
    ClientEnd client_end_ = ClientEnd::kGone;  // of the response that streams
    bool keep_alive_ = true;
    bool http10_ = false;
    bool is_head_ = false;
    bool expired_ = false;  // the deadline has passed
    bool gone_ = false;
    bool watching_ = false;
};

}  // namespace heddle::http
