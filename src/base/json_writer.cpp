// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "base/utf8.hpp"

namespace heddle {
namespace {

constexpr std::size_t kLarge = 4096;

// Appends the escape of `c` and says so, or leaves it alone.
bool appendEscape(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return true;
        case '\\':
            out += "\\\\";
            return true;
        case '\b':
            out += "\\b";
            return true;
        case '\f':
            out += "\\f";
            return true;
        case '\n':
            out += "\\n";
            return true;
        case '\r':
            out += "\\r";
            return true;
        case '\t':
            out += "\\t";
            return true;
        default:
            break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) return false;
    out.append("\\u00") += kHex[byte >> 4];
    out += kHex[byte & 0xF];
    return true;
}

void appendString(std::string& out, std::string_view text) {
    out += '"';
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        const bool plain = static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\';
        const std::size_t width = plain ? 1 : static_cast<signed char>(c) >= 0 ? 0 : utf8::sequence(text, i);
        if (width != 0) {
            i += width;
            continue;
        }
        out.append(text.substr(copied, i - copied));
        if (!appendEscape(out, c)) out += "\xEF\xBF\xBD";  // U+FFFD
        copied = ++i;
    }
    out.append(text.substr(copied));
    out += '"';
}

}  // namespace

std::string jsonString(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    appendString(out, text);
    return out;
}

void JsonWriter::separate() {
    if (!first_) out_ += ',';
    first_ = false;
}

JsonWriter& JsonWriter::beginObject() {
    separate();
    out_ += '{';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::endObject() {
    out_ += '}';
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::beginArray() {
    separate();
    out_ += '[';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::endArray() {
    out_ += ']';
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    appendString(out_, name);
    out_ += ':';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    // With room for what follows, so that what is large is not moved for the sake of a brace.
    if (json.size() > kLarge) out_.reserve(out_.size() + json.size() + kLarge);
    out_ += json;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    separate();
    appendString(out_, text);
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
    return raw(std::to_string(value));
}

JsonWriter& JsonWriter::boolean(bool value) {
    return raw(value ? std::string_view("true") : std::string_view("false"));
}

}  // namespace heddle
