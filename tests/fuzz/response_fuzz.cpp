// SPDX-License-Identifier: Apache-2.0
// Responses from hostile receivers: no crash, never more of the body than was asked for, and the same result
// however the bytes are cut. The first byte of the input chooses the cuts, the second the bounds.
#include "base/limits.hpp"
#include "http/response_parser.hpp"
#include "http/response_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using heddle::http::Header;
using heddle::http::ResponseParser;
using heddle::http::ResponseReader;

void require(bool condition) {
    if (!condition) std::abort();
}

struct Bounds {
    std::size_t head_max;
    std::size_t body_max;
    ResponseParser::Body body;
};

struct Parsed {
    ResponseParser::State state;
    bool has_head;
    unsigned status;
    bool keep_alive;
    std::vector<Header> fields;
    std::string body;
    std::string surplus;

    friend bool operator==(const Parsed&, const Parsed&) = default;
};

// Pieces of one to `step` bytes, chosen by `seed`.
class Cuts {
  public:
    Cuts(std::size_t step, std::uint32_t seed) : step_(step), seed_(seed) {}
    std::size_t next() {
        seed_ = seed_ * 1'664'525U + 1'013'904'223U;
        return 1 + (seed_ >> 16U) % step_;
    }

  private:
    std::size_t step_;
    std::uint32_t seed_;
};

Parsed parse(std::string_view text, Cuts cuts, const Bounds& bounds) {
    ResponseParser parser(bounds.head_max, bounds.body_max, bounds.body);
    auto state = ResponseParser::State::kNeedMore;
    std::string pending;
    while (!text.empty() && state == ResponseParser::State::kNeedMore) {
        const auto piece = text.substr(0, cuts.next());
        text.remove_prefix(piece.size());
        pending += piece;
        std::string_view bytes = pending;
        state = parser.feed(bytes);
        require(bytes.size() <= pending.size());
        pending.erase(0, pending.size() - bytes.size());
    }
    if (state == ResponseParser::State::kNeedMore) {
        require(pending.size() <= bounds.head_max + 8 * bounds.body_max);
        state = parser.finish();
    }
    pending += text;
    Parsed result{state, parser.hasHead(), parser.status(), parser.keepAlive(), {}, {}, pending};
    result.fields = parser.takeHeaders().fields;
    result.body = parser.takeBody();
    require(result.body.size() <= bounds.body_max);
    if (state == ResponseParser::State::kBodyFull) require(result.body.size() == bounds.body_max);
    return result;
}

struct Read {
    ResponseReader::State state;
    bool has_head;
    std::string body;
    bool has_surplus;

    friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view text, Cuts cuts, const Bounds& bounds) {
    ResponseReader reader(bounds.body_max, bounds.body);
    auto state = ResponseReader::State::kNeedMore;
    while (!text.empty() && state == ResponseReader::State::kNeedMore) {
        const auto piece = text.substr(0, cuts.next());
        text.remove_prefix(piece.size());
        state = reader.take(piece);
    }
    if (state == ResponseReader::State::kNeedMore) state = reader.end();
    Read result{state, reader.response().hasHead(), {}, reader.hasSurplus() || !text.empty()};
    result.body = reader.response().takeBody();
    require(result.body.size() <= bounds.body_max);
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Bounds bounds{
        32U + 4U * (data[1] & 0x3fU), data[1] & 0x1fU,
        (data[1] & 0x80U) != 0 ? ResponseParser::Body::kNone : ResponseParser::Body::kExpected};
    const Cuts whole(1, 0);
    const Cuts pieces(2 + data[0] % 16U, data[0]);
    const Parsed one_by_one = parse(text, whole, bounds);
    require(parse(text, pieces, bounds) == one_by_one);
    ResponseParser at_once(bounds.head_max, bounds.body_max, bounds.body);
    std::string_view rest = text;
    auto state = at_once.feed(rest);
    if (state == ResponseParser::State::kNeedMore) state = at_once.finish();
    require(state == one_by_one.state && at_once.takeBody() == one_by_one.body && rest == one_by_one.surplus);

    require(read(text, whole, bounds) == read(text, pieces, bounds));
    return 0;
}
