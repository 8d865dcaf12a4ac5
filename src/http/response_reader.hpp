// SPDX-License-Identifier: Apache-2.0
// The final response on a connection: interim ones (1xx) are skipped, all heads are bounded together.
// Sans-io.
#pragma once

#include "http/response_parser.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace heddle::http {

class ResponseReader {
  public:
    enum class State {
        kNeedMore,
        kDone,
        kBodyFull,        // `body_max` bytes of the body are there, more may come
        kMalformed,       // not HTTP/1.x, or beyond limits::kClientHead
        kTooManyInterim,  // more than limits::kClientInterim
    };

    explicit ResponseReader(std::size_t body_max,
                            ResponseParser::Body body = ResponseParser::Body::kExpected);

    // What was just read. Not to be called after anything but kNeedMore.
    State take(std::string_view bytes);
    // The peer has ended its side; kNeedMore: it cut the response.
    State end();

    [[nodiscard]] ResponseParser& response() { return parser_; }
    [[nodiscard]] const ResponseParser& response() const { return parser_; }
    // Bytes came that do not belong to the response.
    [[nodiscard]] bool hasSurplus() const { return !pending_.empty(); }

  private:
    State feed(std::string_view& bytes);

    std::size_t body_max_;
    ResponseParser::Body body_;
    int interim_ = 0;
    ResponseParser parser_;
    std::string pending_;
};

}  // namespace heddle::http
