// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.x response out of bytes as they come. Sans-io; Beast stays in the .cpp.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace heddle::http {

class ResponseParser {
  public:
    enum class State {
        kNeedMore,     // what is left must be presented again, with more behind it
        kInformation,  // a 1xx: go on with a new parser
        kDone,
        kBodyFull,  // `body_max` bytes are there and more would come
        kMalformed,
    };

    ResponseParser(std::size_t head_max, std::size_t body_max);
    ~ResponseParser();

    // Takes bytes from the front of `bytes`.
    State feed(std::string_view& bytes);
    // The peer has ended its side: kDone when that ends the message, kNeedMore when it cuts it.
    State finish();

    [[nodiscard]] bool hasHead() const;
    [[nodiscard]] bool keepAlive() const;  // after kDone
    [[nodiscard]] unsigned status() const;
    [[nodiscard]] Headers takeHeaders();
    [[nodiscard]] std::string takeBody();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::http
