// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) as validated text. User JSON is never turned into a DOM and back: a DOM would change 2^64
// and 1e5.
#pragma once

#include "base/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

// Our own objects and the few places that must look inside. Include <nlohmann/json.hpp> in the .cpp that
// does.
using Json = nlohmann::ordered_json;

enum class JsonType { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct JsonField;

// A borrowed slice of validated JSON text, without surrounding white space. Cheap to copy.
class JsonView {
  public:
    JsonView() = default;
    // `text` must be one valid JSON value (RawJson or validate() said so), no white space around it.
    static JsonView trusted(std::string_view text) { return JsonView(text); }

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] JsonType type() const;
    [[nodiscard]] bool isNull() const { return type() == JsonType::kNull; }
    [[nodiscard]] bool isObject() const { return type() == JsonType::kObject; }
    [[nodiscard]] bool isString() const { return type() == JsonType::kString; }

    // The decoded string; nothing for other types.
    [[nodiscard]] std::optional<std::string> string() const;
    // An integer that fits; nothing for other types, fractions (1.0 and 1e0 count as 1) and what does not
    // fit.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    [[nodiscard]] std::optional<double> number() const;
    [[nodiscard]] std::optional<bool> boolean() const;

    // Fields in the order of the text; of duplicate keys only the last value, at the first one's place.
    // Empty for other types.
    [[nodiscard]] std::vector<JsonField> fields() const;
    // Elements of an array; empty for other types.
    [[nodiscard]] std::vector<JsonView> elements() const;
    // The value of a key of an object.
    [[nodiscard]] std::optional<JsonView> get(std::string_view key) const;
    // The same; nothing also for null.
    [[nodiscard]] std::optional<JsonView> given(std::string_view key) const {
        const auto value = get(key);
        return value && !value->isNull() ? value : std::nullopt;
    }
    // The object at a key; {} where there is none.
    [[nodiscard]] JsonView objectAt(std::string_view key) const {
        const auto value = get(key);
        return value && value->isObject() ? *value : JsonView("{}");
    }
    // The decoded string at a key; nothing where there is none.
    [[nodiscard]] std::optional<std::string> stringAt(std::string_view key) const {
        const auto value = get(key);
        return value ? value->string() : std::nullopt;
    }

  private:
    explicit JsonView(std::string_view text) : text_(text) {}
    std::string_view text_ = "null";
};

struct JsonField {
    std::string key;  // decoded
    JsonView value;
    std::string_view key_text;  // as written, with its quotes
};

// Why a text is not JSON. Never holds a piece of the text.
struct JsonFault {
    std::size_t position = 0;  // the byte it was found at, from 1; 0: the text as a whole
    std::string reason;
};

// Nothing when `text` is one JSON value (white space around it is fine) that RawJson::parse accepts.
std::optional<JsonFault> validateJson(std::string_view text);

// Owned, validated JSON text, kept byte for byte (white space around it removed).
class RawJson {
  public:
    RawJson() = default;  // null
    static RawJson trusted(std::string text) { return RawJson(std::move(text)); }
    static RawJson copy(JsonView view) { return RawJson(std::string(view.text())); }

    // Validates: one value, depth at most limits::kJsonDepth, UTF-8 without a byte order mark, no lone
    // surrogates, no NaN, no number beyond a double's range. A refusal is kInvalid "Invalid JSON…" with the
    // position and never echoes the text.
    static Result<RawJson> parse(std::string text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string take() && { return std::move(text_); }
    [[nodiscard]] JsonView view() const { return JsonView::trusted(text_); }
    [[nodiscard]] bool isNull() const { return view().isNull(); }

    friend bool operator==(const RawJson&, const RawJson&) = default;

  private:
    explicit RawJson(std::string text) : text_(std::move(text)) {}
    std::string text_ = "null";
};

// Shallow merge of JSON objects, byte for byte: `over`'s keys win, order is `base`'s keys and then new ones.
// Anything that is not an object counts as {}.
[[nodiscard]] RawJson mergeObjects(JsonView base, JsonView over);

// JSON text without raw line ends (in valid JSON they can only stand between tokens).
[[nodiscard]] std::string oneLine(std::string_view json);

// A JSON string literal with quotes. Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string jsonString(std::string_view text);

// Writes compact JSON with raw values spliced in.
class JsonWriter {
  public:
    JsonWriter& beginObject();
    JsonWriter& endObject();
    JsonWriter& beginArray();
    JsonWriter& endArray();
    JsonWriter& key(std::string_view name);
    JsonWriter& raw(std::string_view json);
    JsonWriter& raw(const RawJson& json) { return raw(json.text()); }
    JsonWriter& raw(JsonView json) { return raw(json.text()); }
    JsonWriter& string(std::string_view text);
    JsonWriter& integer(std::int64_t value);
    JsonWriter& boolean(bool value);
    JsonWriter& null() { return raw("null"); }

    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void separate();
    std::string out_;
    bool first_ = true;
};

// The DOM behind two functions (compile wall). parseJson needs valid text or refuses like RawJson::parse.
Result<Json> parseJson(std::string_view text);
std::string dumpJson(const Json& json);

}  // namespace heddle
