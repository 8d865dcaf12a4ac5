// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/channel.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;

void Channel::start(Handler& handler) {
    handler_ = &handler;
    last_heard_ = clock_.steady();
    asio::co_spawn(socket_.get_executor(), read(shared_from_this()), asio::detached);
}

void Channel::close(std::string_view why) {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    out_ = FrameQueue();
    asio::post(socket_.get_executor(), [self = shared_from_this(), reason = std::string(why)] {
        for (auto& [id, done] : std::exchange(self->calls_, {})) done(nullptr);
        if (auto* handler = std::exchange(self->handler_, nullptr)) handler->onClosed(self, reason);
    });
}

asio::awaitable<void> Channel::read(std::shared_ptr<Channel> self) {
    while (!self->closed_) {
        const std::span<char> room = self->decoder_.prepare();
        boost::system::error_code error;
        const std::size_t bytes = co_await self->socket_.async_read_some(
            asio::buffer(room.data(), room.size()), asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            self->close(error == asio::error::eof ? "end of stream" : error.message());
            co_return;
        }
        self->last_heard_ = self->clock_.steady();
        self->decoder_.commit(bytes);
        while (!self->closed_) {
            const auto frame = self->decoder_.next();
            if (!frame) self->close(frame.error().detail);
            if (!frame || !*frame) break;
            self->take(**frame);
        }
    }
}

void Channel::take(const FrameView& frame) try {
    const auto answered = frame.header.integer("re");
    if (!answered) {
        if (handler_ != nullptr) handler_->onFrame(shared_from_this(), frame);
        return;
    }
    const auto call = calls_.find(*answered);
    if (call == calls_.end()) return;
    const Reply done = std::move(call->second);
    calls_.erase(call);
    done(&frame);
} catch (const std::exception& error) {
    log::error("worker.frame_failed", {{"error", error.what()}});
    close("a frame could not be handled");
}

bool Channel::call(JsonWriter header, std::string body, Reply done) {
    header.key("id").integer(++last_call_);
    std::vector<std::string> parts;
    if (!body.empty()) parts.push_back(std::move(body));
    if (closed_ || !queue(std::move(header), std::move(parts))) return false;
    calls_.emplace(last_call_, std::move(done));
    return true;
}

bool Channel::notify(JsonWriter header, std::vector<std::string> parts) {
    return queue(std::move(header), std::move(parts));
}

bool Channel::reply(std::int64_t id, JsonWriter fields, std::vector<std::string> parts) {
    fields.key("re").integer(id);
    return queue(std::move(fields), std::move(parts));
}

void Channel::reply(std::int64_t id) {
    JsonWriter header;
    header.beginObject();
    reply(id, std::move(header));
}

void Channel::fail(std::int64_t id, std::string_view type, std::string_view message) {
    JsonWriter header;
    header.beginObject();
    header.key("re").integer(id);
    header.key("error").beginObject();
    header.key("type").string(type);
    header.key("message").string(message.substr(0, limits::kFrameHeader / 8));
    header.endObject();
    queue(std::move(header), {});
}

bool Channel::queue(JsonWriter header, std::vector<std::string> parts) {
    if (closed_) return true;  // as if it had been sent a moment earlier
    header.endObject();
    const std::string text = header.take();
    std::size_t body_bytes = 0;
    for (const auto& part : parts) body_bytes += part.size();
    if (!FrameQueue::fits(text.size(), body_bytes)) return false;
    out_.push(text, std::move(parts));
    if (out_.bytes() > limits::kWorkerBacklog) {
        close("the worker does not read");
    } else if (!flush_planned_ && writing_.empty()) {
        flush_planned_ = true;
        asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
    }
    return true;
}

void Channel::flush() {
    flush_planned_ = false;
    if (closed_ || out_.empty() || !writing_.empty()) return;
    writing_ = out_.take();
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(writing_.size());
    for (const auto& chunk : writing_) buffers.push_back(asio::buffer(chunk));
    asio::async_write(socket_, buffers,
                      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                          self->writing_.clear();
                          // A reader that is gone is noticed by our reading, after everything that it sent.
                          if (!error) self->flush();
                      });
}

JsonWriter frameHeader(std::string_view method) {
    JsonWriter header;
    header.beginObject().key("method").string(method);
    return header;
}

std::optional<std::pair<std::string, std::string>> errorOf(const FrameView& reply) {
    const auto error = reply.header.get("error");
    if (!error) return std::nullopt;
    const auto text = [&](std::string_view key) {
        const auto field = error->get(key);
        return field ? field->string().value_or("") : std::string();
    };
    return std::pair(text("type"), text("message"));
}

}  // namespace heddle::graph
