// SPDX-License-Identifier: Apache-2.0
// The frames of docs/worker-protocol.md: u32 header length, u32 body length (big endian), header JSON, body.
// No I/O.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

// A frame's header: a JSON object, looked at field by field. Borrows the text.
class FrameHeader {
  public:
    FrameHeader() = default;
    // A Problem unless `text` is one JSON object.
    static Result<FrameHeader> parse(std::string_view text);

    // What is there; of null or another type: nothing.
    [[nodiscard]] std::optional<JsonView> get(std::string_view key) const;
    [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;

  private:
    std::vector<JsonField> fields_;
};

// A body's blobs, as the header's `parts` lists them; without `parts` the whole body is one. A Problem when
// they do not add up.
[[nodiscard]] Result<std::vector<std::string_view>> splitParts(const FrameHeader& header,
                                                               std::string_view body);

struct FrameView {
    FrameHeader header;
    std::string_view body;
    std::vector<std::string_view> parts;
};

// Whether a text can stand in an SSE `data:` line: no CR, LF or NUL.
[[nodiscard]] bool isOneLine(std::string_view text);

// Turns a byte stream into frames.
class FrameDecoder {
  public:
    // Room for what is read next; say with commit() how much it was. Ends the life of views that next() gave.
    [[nodiscard]] std::span<char> prepare();
    void commit(std::size_t bytes) { end_ += bytes; }
    // The next complete frame; nothing: more bytes are needed. A Problem: the connection cannot go on.
    [[nodiscard]] Result<std::optional<FrameView>> next();

  private:
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t wanted_ = 0;  // size of the frame at begin_, once its lengths are known
};

// Frames on their way out, coalesced: small ones are copied together, large bodies are moved and sent from
// where they are.
class FrameQueue {
  public:
    // Whether a frame of this size may be sent at all.
    [[nodiscard]] static bool fits(std::size_t header_bytes, std::size_t body_bytes);
    // Needs fits().
    void push(std::string_view header, std::vector<std::string> parts);
    void push(std::string_view header, std::string body);
    void push(std::string_view header) { push(header, std::string()); }

    [[nodiscard]] bool empty() const { return chunks_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    // Everything so far, to be written in this order.
    [[nodiscard]] std::vector<std::string> take();

  private:
    std::string& tail(std::size_t room);
    void append(std::string part);

    std::vector<std::string> chunks_;
    bool tail_open_ = false;  // the last chunk takes more
    std::size_t bytes_ = 0;
};

}  // namespace heddle::graph
