// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.x request out of bytes as they come (RFC 9112). Sans-io; Beast stays in the .cpp.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace heddle::http {

struct RequestLimits {
    std::size_t header_bytes;
    std::size_t header_fields;
    std::size_t target_bytes;
    std::size_t body_bytes;
};

enum class ParseState {
    kNeedMore,     // everything usable was taken
    kHeaderDone,   // once, when the header is complete and a body follows: feed again for the body
    kMessageDone,  // what is left belongs to the next message
    kRefused,      // see refusal(); the connection cannot go on
};

class RequestParser {
  public:
    // Fills `into`: method, target, path, query, headers, body. Both must outlive the parser.
    RequestParser(Request& into, const RequestLimits& limits);
    ~RequestParser();

    // Takes bytes from the front of `bytes`. What is left after kNeedMore must be presented again, with more
    // behind it.
    ParseState feed(std::string_view& bytes);

    struct Refusal {
        unsigned status = 400;
        std::string_view detail;
    };
    [[nodiscard]] Refusal refusal() const;

    // Valid from kHeaderDone on.
    [[nodiscard]] bool keepAlive() const;
    [[nodiscard]] bool isHttp10() const;
    [[nodiscard]] bool expectsContinue() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::http
