// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/frame.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <numeric>
#include <system_error>
#include <utility>

namespace heddle::graph {
namespace {

constexpr std::size_t kPrefixBytes = 8;
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
// Bodies from this size on are not copied into a chunk.
constexpr std::size_t kLargeBody = std::size_t{16} * 1024;
constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

std::size_t readU32(const char* at) {
    std::size_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(at[i]);
    return value;
}

void appendU32(std::string& out, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xFFU));
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Digits only: 2.0 and -1 are no sizes.
std::optional<std::size_t> readSize(std::string_view text) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return size;
}

}  // namespace

Result<FrameHeader> FrameHeader::parse(std::string_view text) {
    const std::string_view trimmed = trim(text);
    const auto valid = RawJson::parse(std::string(trimmed));
    if (!valid) return Problem::invalid("The frame's header is not JSON");
    const JsonView view = JsonView::trusted(trimmed);
    if (!view.isObject()) return Problem::invalid("The frame's header is not a JSON object");
    FrameHeader header;
    header.fields_ = view.fields();
    return header;
}

std::optional<JsonView> FrameHeader::get(std::string_view key) const {
    for (const auto& field : fields_) {
        if (field.key != key) continue;
        if (field.value.isNull()) return std::nullopt;
        return field.value;
    }
    return std::nullopt;
}

std::optional<std::string> FrameHeader::text(std::string_view key) const {
    const auto value = get(key);
    return value ? value->string() : std::nullopt;
}

std::optional<std::int64_t> FrameHeader::integer(std::string_view key) const {
    const auto value = get(key);
    return value ? value->integer() : std::nullopt;
}

Result<std::vector<std::string_view>> splitParts(const FrameHeader& header, std::string_view body) {
    const auto field = header.get("parts");
    if (!field) return std::vector<std::string_view>{body};
    const auto bad = Problem::invalid("The frame's parts do not add up to its body");
    if (field->type() != JsonType::kArray) return bad;
    std::vector<std::string_view> parts;
    for (const JsonView element : field->elements()) {
        const auto size = readSize(element.text());
        if (!size || *size > body.size()) return bad;
        parts.push_back(body.substr(0, *size));
        body.remove_prefix(*size);
    }
    if (!body.empty()) return bad;
    return parts;
}

bool isOneLine(std::string_view text) {
    const auto has = [&](int byte) { return std::memchr(text.data(), byte, text.size()) != nullptr; };
    return text.empty() || !(has('\n') || has('\r') || has('\0'));
}

std::span<char> FrameDecoder::prepare() {
    const std::size_t have = end_ - begin_;
    if (have == 0) begin_ = end_ = 0;
    if (capacity_ > 4 * kReadBytes && wanted_ <= kReadBytes && have <= kReadBytes) {
        capacity_ = 0;  // a large frame is through: give its memory back
    }
    if (capacity_ == 0 || (capacity_ - end_ < kReadBytes / 2)) {
        // At most double what was really received: an announced length alone costs no memory.
        const std::size_t capacity = std::max(kReadBytes, std::min(wanted_, 2 * have) + kReadBytes);
        auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
        if (have > 0) std::memcpy(bigger.get(), buffer_.get() + begin_, have);
        buffer_ = std::move(bigger);
        capacity_ = capacity;
        begin_ = 0;
        end_ = have;
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

Result<std::optional<FrameView>> FrameDecoder::next() {
    wanted_ = 0;
    if (end_ - begin_ < kPrefixBytes) return std::optional<FrameView>();
    const char* at = buffer_.get() + begin_;
    const std::size_t header_bytes = readU32(at);
    const std::size_t body_bytes = readU32(at + 4);
    if (header_bytes > limits::kFrameHeader) return Problem::tooLarge("The frame's header exceeds its limit");
    if (body_bytes > limits::kFrameBody) return Problem::tooLarge("The frame's body exceeds its limit");
    const std::size_t size = kPrefixBytes + header_bytes + body_bytes;
    if (end_ - begin_ < size) {
        wanted_ = size;
        return std::optional<FrameView>();
    }
    auto header = FrameHeader::parse({at + kPrefixBytes, header_bytes});
    if (!header) return header.error();
    const std::string_view body(at + kPrefixBytes + header_bytes, body_bytes);
    auto parts = splitParts(*header, body);
    if (!parts) return parts.error();
    begin_ += size;
    return FrameView{std::move(*header), body, std::move(*parts)};
}

bool FrameQueue::fits(std::size_t header_bytes, std::size_t body_bytes) {
    return header_bytes <= limits::kFrameHeader && body_bytes <= limits::kFrameBody;
}

std::string& FrameQueue::tail(std::size_t room) {
    if (!tail_open_ || chunks_.back().size() + room > kChunkBytes) {
        chunks_.emplace_back();
        tail_open_ = true;
    }
    return chunks_.back();
}

void FrameQueue::append(std::string part) {
    bytes_ += part.size();
    if (part.size() < kLargeBody) {
        tail(part.size()) += part;
    } else {
        chunks_.push_back(std::move(part));
        tail_open_ = false;
    }
}

void FrameQueue::push(std::string_view header, std::vector<std::string> parts) {
    const auto add = [](std::size_t sum, const std::string& part) { return sum + part.size(); };
    const std::size_t body_bytes = std::accumulate(parts.begin(), parts.end(), std::size_t{0}, add);
    std::string& out = tail(kPrefixBytes + header.size());
    appendU32(out, header.size());
    appendU32(out, body_bytes);
    out += header;
    bytes_ += kPrefixBytes + header.size();
    for (auto& part : parts) append(std::move(part));
}

void FrameQueue::push(std::string_view header, std::string body) {
    std::string& out = tail(kPrefixBytes + header.size());
    appendU32(out, header.size());
    appendU32(out, body.size());
    out += header;
    bytes_ += kPrefixBytes + header.size();
    if (!body.empty()) append(std::move(body));
}

std::vector<std::string> FrameQueue::take() {
    bytes_ = 0;
    tail_open_ = false;
    return std::exchange(chunks_, {});
}

}  // namespace heddle::graph
