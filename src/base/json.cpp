// SPDX-License-Identifier: Apache-2.0
// The one place that parses and dumps with nlohmann/json (compile wall).
#include "base/json.hpp"

#include "base/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace heddle {
namespace {

// The reason without the text it was found in: nlohmann puts what it read after "last read".
std::string reasonOf(const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) return "a number is beyond the range of a double";
    const std::string_view what = error.what();
    const auto start = what.find(" - ");
    if (start == std::string_view::npos) return "syntax error";
    const auto reason = what.substr(start + 3);
    return std::string(reason.substr(0, reason.find("; last read")));
}

// Counts depth and keeps nothing.
class Validator : public nlohmann::json_sax<Json> {
  public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool key(string_t&) override { return true; }
    bool start_object(std::size_t) override { return open(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& error) override {
        fault = JsonFault{at, reasonOf(error)};
        return false;
    }

    JsonFault fault;

  private:
    bool open() {
        if (++depth_ <= limits::kJsonDepth) return true;
        fault = JsonFault{0, "nested deeper than " + std::to_string(limits::kJsonDepth) + " levels"};
        return false;
    }
    bool close() {
        --depth_;
        return true;
    }
    std::size_t depth_ = 0;
};

}  // namespace

std::optional<JsonFault> validateJson(std::string_view text) {
    // nlohmann takes NUL for the end of the input and skips a byte order mark.
    if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), 0, text.size()); nul != nullptr) {
        const auto at = static_cast<std::size_t>(static_cast<const char*>(nul) - text.data());
        return JsonFault{at + 1, "a NUL byte"};
    }
    if (text.starts_with("\xEF\xBB\xBF")) return JsonFault{1, "a byte order mark"};
    Validator validator;
    if (Json::sax_parse(text, &validator)) return std::nullopt;
    return std::move(validator.fault);
}

Result<RawJson> RawJson::parse(std::string text) {
    if (auto fault = validateJson(text)) {
        std::string detail = "Invalid JSON";
        if (fault->position != 0) detail += " at byte " + std::to_string(fault->position);
        return Problem::invalid(detail + ": " + fault->reason);
    }
    constexpr std::string_view kSpace = " \t\r\n";
    text.erase(text.find_last_not_of(kSpace) + 1);
    text.erase(0, text.find_first_not_of(kSpace));
    return RawJson(std::move(text));
}

Result<Json> parseJson(std::string_view text) {
    auto raw = RawJson::parse(std::string(text));
    if (!raw) return raw.error();
    // Not by conversion: nlohmann lets a Json turn into anything, also into a Problem.
    return Result<Json>(boost::system::in_place_value, Json::parse(raw->text()));
}

std::string dumpJson(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string oneLine(std::string_view json) {
    std::string line(json);
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::replace(line.begin(), line.end(), '\r', ' ');
    return line;
}

}  // namespace heddle
