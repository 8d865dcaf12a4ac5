// SPDX-License-Identifier: Apache-2.0
#include "http/response_parser.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace heddle::http {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";
constexpr std::size_t kOverheadOfByte = 8;  // a chunk of one byte costs five

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// A whole number, in digits and nothing else. 2^63 and more is nobody's length.
bool readNumber(std::string_view text, int base, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc{} && end == text.data() + text.size() &&
           number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

ResponseParser::ResponseParser(std::size_t head_max, std::size_t body_max, Body body)
    : head_left_(head_max), body_max_(body_max), expected_(body), overhead_max_(head_max) {}

ResponseParser::State ResponseParser::feed(std::string_view& bytes) {
    while (phase_ != Phase::kDone) {
        if (isFull()) return State::kBodyFull;
        if (phase_ == Phase::kLength || phase_ == Phase::kUntilEnd || phase_ == Phase::kChunk) {
            if (bytes.empty()) return State::kNeedMore;
            readBody(bytes);
            continue;
        }
        // Said at once, before a line that may never end.
        if (phase_ == Phase::kStatus) {
            const auto size = std::min(bytes.size(), kProtocol.size());
            if (bytes.substr(0, size) != kProtocol.substr(0, size)) return State::kMalformed;
        }
        std::string_view line;
        const Line found = takeLine(bytes, line);
        if (found == Line::kNone) return State::kNeedMore;
        if (found == Line::kTooLong || !onLine(line)) return State::kMalformed;
    }
    return status_ < 200 ? State::kInformation : State::kDone;
}

ResponseParser::State ResponseParser::finish() const {
    return phase_ == Phase::kUntilEnd || phase_ == Phase::kDone ? State::kDone : State::kNeedMore;
}

// The next line without its end, and its cost.
ResponseParser::Line ResponseParser::takeLine(std::string_view& bytes, std::string_view& line) {
    const bool is_head = phase_ <= Phase::kFields;
    const std::size_t most =
        is_head ? head_left_ : overhead_max_ + kOverheadOfByte * body_.size() - overhead_;
    const auto at = bytes.find('\n', searched_);
    if (at == std::string_view::npos) {
        searched_ = bytes.size();
        return bytes.size() >= most ? Line::kTooLong : Line::kNone;
    }
    searched_ = 0;
    const std::size_t cost = at + 1;
    if (cost > most) return Line::kTooLong;
    if (is_head) {
        head_left_ -= cost;
    } else {
        overhead_ += cost;
    }
    line = bytes.substr(0, at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    bytes.remove_prefix(cost);
    return Line::kSome;
}

bool ResponseParser::onLine(std::string_view line) {
    switch (phase_) {
        case Phase::kStatus:
            return onStatus(line);
        case Phase::kFields:
            return line.empty() ? onHeadEnd() : onField(line);
        case Phase::kChunkSize:
            return onChunkSize(line);
        case Phase::kChunkEnd:
            phase_ = Phase::kChunkSize;
            return line.empty();
        case Phase::kTrailers:
            if (line.empty()) phase_ = Phase::kDone;
            return isFieldValue(line);
        default:
            return false;
    }
}

// "HTTP/1.1 200", with or without a reason.
bool ResponseParser::onStatus(std::string_view line) {
    constexpr std::size_t kMinor = kProtocol.size();
    constexpr std::size_t kCode = kMinor + 2;
    if (line.size() < kCode + 3 || !line.starts_with(kProtocol) || !isDigit(line[kMinor]) ||
        line[kMinor + 1] != ' ' || !std::ranges::all_of(line.substr(kCode, 3), isDigit)) {
        return false;
    }
    const auto reason = line.substr(kCode + 3);
    if (!reason.empty() && (reason.front() != ' ' || !isFieldValue(reason))) return false;
    is_http11_ = line[kMinor] != '0';
    std::uint64_t code = 0;
    readNumber(line.substr(kCode, 3), 10, code);
    // 101: nothing that we send asks for another protocol.
    if (code < 100 || code == 101) return false;
    status_ = static_cast<unsigned>(code);
    phase_ = Phase::kFields;
    return true;
}

bool ResponseParser::onField(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {  // folded: goes on with the line before
        if (headers_.fields.empty() || !isFieldValue(line)) return false;
        std::string& value = headers_.fields.back().second;
        const auto more = trimmed(line);
        if (!value.empty() && !more.empty()) value += ' ';
        value += more;
        return true;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (!isToken(name) || !isFieldValue(value)) return false;
    headers_.fields.emplace_back(name, value);
    return true;
}

bool ResponseParser::onHeadEnd() {
    bool is_chunked = false;
    bool has_length = false;
    if (!readFraming(is_chunked, has_length)) return false;
    if (expected_ == Body::kNone || status_ < 200 || status_ == 204 || status_ == 304) {
        phase_ = Phase::kDone;
    } else if (is_chunked) {
        phase_ = Phase::kChunkSize;
        if (!is_http11_) keep_alive_ = false;  // RFC 9112 §6.1: its framing is not to be trusted
    } else if (has_length) {
        phase_ = left_ == 0 ? Phase::kDone : Phase::kLength;
    } else {
        phase_ = Phase::kUntilEnd;
        keep_alive_ = false;
    }
    return true;
}

// Where the message ends, out of all fields that say something about it; false when they contradict each
// other.
bool ResponseParser::readFraming(bool& is_chunked, bool& has_length) {
    bool wants_close = false;
    bool wants_keep_alive = false;
    for (const auto& [name, value] : headers_.fields) {
        if (isSameName(name, "Connection")) {
            for (std::string_view rest = value; !rest.empty();) {
                const auto option = nextElement(rest);
                wants_close = wants_close || isSameName(option, "close");
                wants_keep_alive = wants_keep_alive || isSameName(option, "keep-alive");
            }
        } else if (isSameName(name, "Transfer-Encoding")) {
            if (is_chunked || !isSameName(value, "chunked")) return false;
            is_chunked = true;
        } else if (isSameName(name, "Content-Length")) {
            // RFC 9110 §8.6: the same length several times is one.
            std::string_view rest = value;
            do {
                std::uint64_t number = 0;
                if (!readNumber(nextElement(rest), 10, number) || (has_length && number != left_))
                    return false;
                has_length = true;
                left_ = number;
            } while (!rest.empty());
        }
    }
    keep_alive_ = !wants_close && (is_http11_ || wants_keep_alive);
    return !(is_chunked && has_length);
}

bool ResponseParser::onChunkSize(std::string_view line) {
    const auto size = trimmed(line.substr(0, line.find(';')));
    if (!isFieldValue(line) || !readNumber(size, 16, left_)) return false;
    phase_ = left_ == 0 ? Phase::kTrailers : Phase::kChunk;
    return true;
}

void ResponseParser::readBody(std::string_view& bytes) {
    std::uint64_t size = std::min<std::uint64_t>(bytes.size(), body_max_ - body_.size());
    if (phase_ != Phase::kUntilEnd) size = std::min(size, left_);
    body_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (phase_ == Phase::kUntilEnd) return;
    left_ -= size;
    if (left_ > 0) return;
    phase_ = phase_ == Phase::kLength ? Phase::kDone : Phase::kChunkEnd;
}

// As soon as it is known, without waiting for a byte that may not come.
bool ResponseParser::isFull() const {
    if (body_.size() < body_max_) return false;
    return phase_ == Phase::kLength || phase_ == Phase::kUntilEnd || phase_ == Phase::kChunk ||
           phase_ == Phase::kChunkEnd || (phase_ == Phase::kChunkSize && body_max_ == 0);
}

}  // namespace heddle::http
