// SPDX-License-Identifier: Apache-2.0
#include "http/response_reader.hpp"

#include "base/limits.hpp"

namespace heddle::http {

ResponseReader::ResponseReader(std::size_t body_max, ResponseParser::Body body)
    : body_max_(body_max), body_(body), parser_(limits::kClientHead, body_max, body) {}

ResponseReader::State ResponseReader::take(std::string_view bytes) {
    if (pending_.empty()) {  // the usual case, without a copy
        const State state = feed(bytes);
        pending_ = bytes;
        return state;
    }
    pending_ += bytes;
    std::string_view all = pending_;
    const State state = feed(all);
    pending_.erase(0, pending_.size() - all.size());
    return state;
}

ResponseReader::State ResponseReader::feed(std::string_view& bytes) {
    using Parsed = ResponseParser::State;
    while (true) {
        switch (parser_.feed(bytes)) {
            case Parsed::kNeedMore:
                return State::kNeedMore;
            case Parsed::kDone:
                return State::kDone;
            case Parsed::kBodyFull:
                return State::kBodyFull;
            case Parsed::kMalformed:
                return State::kMalformed;
            case Parsed::kInformation:
                break;
        }
        if (++interim_ > limits::kClientInterim) return State::kTooManyInterim;
        const std::size_t head_left = parser_.headLeft();
        parser_ = ResponseParser(head_left, body_max_, body_);
    }
}

ResponseReader::State ResponseReader::end() {
    return parser_.finish() == ResponseParser::State::kDone ? State::kDone : State::kNeedMore;
}

}  // namespace heddle::http
