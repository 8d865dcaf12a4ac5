// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.x response out of bytes as they come (RFC 9112). Sans-io; how the bytes are cut makes no
// difference. Strict where a mistake would change where the message ends, lenient where servers are sloppy: a
// missing reason, LF alone, folded fields.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::http {

class ResponseParser {
  public:
    enum class State {
        kNeedMore,     // what is left must be presented again, with more behind it
        kInformation,  // a 1xx: go on with a new parser
        kDone,
        kBodyFull,  // `body_max` bytes are there and more may come
        kMalformed,
    };
    // kNone: whatever the head says, nothing follows it (the answer to CONNECT).
    enum class Body { kExpected, kNone };

    // `head_max` bounds the head and the trailers; what chunks cost beside their data is bounded by it and
    // the body.
    ResponseParser(std::size_t head_max, std::size_t body_max, Body body = Body::kExpected);

    // Takes bytes from the front of `bytes`. After anything but kNeedMore it must not be called again.
    State feed(std::string_view& bytes);
    // The peer has ended its side: kDone when that ends the message, kNeedMore when it cuts it.
    [[nodiscard]] State finish() const;

    [[nodiscard]] bool hasHead() const { return phase_ > Phase::kFields && status_ >= 200; }
    [[nodiscard]] bool keepAlive() const { return keep_alive_; }  // after kDone
    [[nodiscard]] unsigned status() const { return status_; }
    // What the head might still have taken of `head_max`.
    [[nodiscard]] std::size_t headLeft() const { return head_left_; }
    [[nodiscard]] Headers takeHeaders() { return std::move(headers_); }
    [[nodiscard]] std::string takeBody() { return std::move(body_); }

  private:
    enum class Phase {
        kStatus,
        kFields,
        kLength,
        kUntilEnd,
        kChunkSize,
        kChunk,
        kChunkEnd,
        kTrailers,
        kDone
    };
    enum class Line { kNone, kSome, kTooLong };

    Line takeLine(std::string_view& bytes, std::string_view& line);
    bool onLine(std::string_view line);
    bool onStatus(std::string_view line);
    bool onField(std::string_view line);
    bool onHeadEnd();
    bool readFraming(bool& is_chunked, bool& has_length);
    bool onChunkSize(std::string_view line);
    void readBody(std::string_view& bytes);
    [[nodiscard]] bool isFull() const;

    std::size_t head_left_;
    std::size_t body_max_;
    Body expected_;
    Phase phase_ = Phase::kStatus;
    std::size_t searched_ = 0;  // bytes of the front that hold no line's end
    std::size_t overhead_ = 0;  // bytes of chunked framing
    std::size_t overhead_max_;
    std::uint64_t left_ = 0;  // of the body or the chunk
    unsigned status_ = 0;
    bool is_http11_ = false;
    bool keep_alive_ = false;
    Headers headers_;
    std::string body_;
};

}  // namespace heddle::http
