// SPDX-License-Identifier: Apache-2.0
// One connection to a worker: reads frames, sends what is queued in one write a loop turn, matches replies to
// calls.
#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "graph/worker/frame.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heddle::graph {

// On the loop only. Keeps itself alive while the connection is open.
class Channel : public std::enable_shared_from_this<Channel> {
  public:
    using Socket = boost::asio::local::stream_protocol::socket;

    // Told of frames and of the end. May be changed at any time, also from within a call.
    class Handler {
      public:
        virtual ~Handler() = default;
        // A call (its header has an `id`) or a notice. Views end with the function.
        virtual void onFrame(const std::shared_ptr<Channel>& channel, const FrameView& frame) = 0;
        // Once; never from within a call of the channel's functions.
        virtual void onClosed(const std::shared_ptr<Channel>& channel, std::string_view why) = 0;
    };
    // The reply, or null when the connection ended first. It may be a failure: see errorOf().
    using Reply = std::function<void(const FrameView*)>;

    Channel(Socket socket, const Clock& clock) : socket_(std::move(socket)), clock_(clock) {}

    // Starts reading.
    void start(Handler& handler);
    // Null: nobody is told of anything any more.
    void attach(Handler* handler) { handler_ = handler; }
    // Ends the connection; what is queued is dropped, open calls get null.
    void close(std::string_view why);

    // `header`: an object that is begun and not ended. What does not fit a frame is not sent: false.
    bool call(JsonWriter header, std::string body, Reply done);
    bool notify(JsonWriter header, std::vector<std::string> parts = {});
    bool reply(std::int64_t id, JsonWriter fields, std::vector<std::string> parts = {});
    void reply(std::int64_t id);
    void fail(std::int64_t id, std::string_view type, std::string_view message);

    [[nodiscard]] bool open() const { return !closed_; }
    // Monotonic time of the last frame.
    [[nodiscard]] microseconds lastHeard() const { return last_heard_; }

  private:
    static boost::asio::awaitable<void> read(std::shared_ptr<Channel> self);
    void take(const FrameView& frame);
    bool queue(JsonWriter header, std::vector<std::string> parts);
    void flush();

    Socket socket_;
    const Clock& clock_;
    Handler* handler_ = nullptr;
    FrameDecoder decoder_;
    FrameQueue out_;
    std::vector<std::string> writing_;
    bool flush_planned_ = false;
    bool closed_ = false;
    std::int64_t last_call_ = 0;
    std::unordered_map<std::int64_t, Reply> calls_;
    microseconds last_heard_{0};
};

// A header that has its method.
[[nodiscard]] JsonWriter frameHeader(std::string_view method);
// `{"type", "message"}` of a failure; nothing for a reply that is none.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> errorOf(const FrameView& reply);

}  // namespace heddle::graph
