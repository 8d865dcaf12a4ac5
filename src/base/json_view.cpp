// SPDX-License-Identifier: Apache-2.0
// Slices of validated JSON text. Nothing here validates: brackets match and strings end because validateJson
// said so.
#include "base/json.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>

namespace heddle {
namespace {

bool isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Walks over one text.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    // The next character that is not white space, '\0' at the end.
    char peek() {
        while (at_ != end_ && isSpace(*at_)) ++at_;
        return at_ == end_ ? '\0' : *at_;
    }
    void skip() { ++at_; }

    // The value that starts here, without the white space around it.
    std::string_view value() {
        const char* const start = at_;
        switch (*at_) {
            case '"':
                skipString();
                break;
            case '{':
            case '[':
                skipContainer();
                break;
            default:
                skipScalar();
                break;
        }
        return {start, static_cast<std::size_t>(at_ - start)};
    }

  private:
    // A string ends at the first quote with an even number of backslashes before it.
    void skipString() {
        const char* const start = ++at_;
        for (;;) {
            const void* const found = std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_));
            if (found == nullptr) {
                at_ = end_;
                return;
            }
            at_ = static_cast<const char*>(found) + 1;
            const char* before = at_ - 1;
            while (before != start && before[-1] == '\\') --before;
            if ((at_ - 1 - before) % 2 == 0) return;
        }
    }

    void skipContainer() {
        std::size_t depth = 0;
        while (at_ != end_) {
            const char c = *at_;
            if (c == '"') {
                skipString();
                continue;
            }
            ++at_;
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && --depth == 0) return;
        }
    }

    void skipScalar() {
        while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !isSpace(*at_)) ++at_;
    }

    const char* at_;
    const char* end_;
};

// Calls each(key's text with quotes, value's text) for every field, duplicates included.
template <class Each>
void eachField(std::string_view object, const Each& each) {
    Scanner scanner(object);
    scanner.skip();
    for (char c = scanner.peek(); c != '}' && c != '\0'; c = scanner.peek()) {
        if (c == ',') {
            scanner.skip();
            continue;
        }
        const auto key = scanner.value();
        scanner.peek();
        scanner.skip();  // the colon
        scanner.peek();
        each(key, scanner.value());
    }
}

unsigned hexDigit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

// Four hexadecimal digits at `pos`.
char32_t hex4(std::string_view text, std::size_t pos) {
    char32_t value = 0;
    for (std::size_t i = pos; i < pos + 4 && i < text.size(); ++i) value = value << 4 | hexDigit(text[i]);
    return value;
}

// `literal` with its quotes.
std::string decodeString(std::string_view literal) {
    const auto text = literal.substr(1, literal.size() - 2);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto escape = std::min(text.find('\\', i), text.size());
        out.append(text.substr(i, escape - i));
        if (escape + 1 >= text.size()) break;
        i = escape + 2;
        switch (text[escape + 1]) {
            case 'b':
                out += '\b';
                break;
            case 'f':
                out += '\f';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 't':
                out += '\t';
                break;
            case 'u': {
                char32_t code = hex4(text, i);
                i += 4;
                if (code >= 0xD800 && code < 0xDC00) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (hex4(text, i + 2) - 0xDC00);
                    i += 6;
                }
                utf8::append(out, code);
                break;
            }
            default:
                out += text[escape + 1];
                break;
        }
    }
    return out;
}

// Of fields with the same key keeps the last value at the first one's place.
void mergeDuplicates(std::vector<JsonField>& fields) {
    std::vector<std::size_t> order(fields.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return fields[a].key < fields[b].key; });
    std::vector<bool> dropped(fields.size());
    bool any = false;
    for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
        if (fields[order[i]].key != fields[order[first]].key) {
            first = i;
            continue;
        }
        fields[order[first]].value = fields[order[i]].value;
        dropped[order[i]] = any = true;
    }
    if (!any) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (dropped[i]) continue;
        if (kept != i) fields[kept] = std::move(fields[i]);
        ++kept;
    }
    fields.resize(kept);
}

}  // namespace

JsonType JsonView::type() const {
    switch (text_.empty() ? 'n' : text_.front()) {
        case '{':
            return JsonType::kObject;
        case '[':
            return JsonType::kArray;
        case '"':
            return JsonType::kString;
        case 't':
        case 'f':
            return JsonType::kBoolean;
        case 'n':
            return JsonType::kNull;
        default:
            return JsonType::kNumber;
    }
}

std::optional<std::string> JsonView::string() const {
    if (!isString()) return std::nullopt;
    return decodeString(text_);
}

std::optional<std::int64_t> JsonView::integer() const {
    if (type() != JsonType::kNumber) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (end == text_.data() + text_.size()) {
        return error == std::errc{} ? std::optional(value) : std::nullopt;
    }
    constexpr double kExact = 9007199254740992.0;  // 2^53: below it a double says which integer was meant
    const auto real = number();
    if (!real || std::abs(*real) > kExact || std::trunc(*real) != *real) return std::nullopt;
    return static_cast<std::int64_t>(*real);
}

std::optional<double> JsonView::number() const {
    if (type() != JsonType::kNumber) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    return error == std::errc{} ? value : 0.0;  // validated, so only an underflow is out of range
}

std::optional<bool> JsonView::boolean() const {
    if (type() != JsonType::kBoolean) return std::nullopt;
    return text_.front() == 't';
}

std::vector<JsonField> JsonView::fields() const {
    std::vector<JsonField> found;
    if (!isObject()) return found;
    eachField(text_, [&](std::string_view key, std::string_view value) {
        found.push_back(JsonField{decodeString(key), JsonView(value), key});
    });
    if (found.size() > 1) mergeDuplicates(found);
    return found;
}

std::vector<JsonView> JsonView::elements() const {
    std::vector<JsonView> found;
    if (type() != JsonType::kArray) return found;
    Scanner scanner(text_);
    scanner.skip();
    for (char c = scanner.peek(); c != ']' && c != '\0'; c = scanner.peek()) {
        if (c == ',') {
            scanner.skip();
        } else {
            found.push_back(JsonView(scanner.value()));
        }
    }
    return found;
}

std::optional<JsonView> JsonView::get(std::string_view key) const {
    std::optional<JsonView> found;
    if (!isObject()) return found;
    eachField(text_, [&](std::string_view literal, std::string_view value) {
        const bool plain = literal.find('\\') == std::string_view::npos;
        const bool same = plain ? literal.substr(1, literal.size() - 2) == key : decodeString(literal) == key;
        if (same) found = JsonView(value);
    });
    return found;
}

RawJson mergeObjects(JsonView base, JsonView over) {
    auto fields = base.fields();
    const auto wins = over.fields();
    fields.insert(fields.end(), wins.begin(), wins.end());
    mergeDuplicates(fields);
    std::string out = "{";
    for (const auto& field : fields) {
        if (out.size() > 1) out += ',';
        out.append(field.key_text).append(":").append(field.value.text());
    }
    out += '}';
    return RawJson::trusted(std::move(out));
}

}  // namespace heddle
