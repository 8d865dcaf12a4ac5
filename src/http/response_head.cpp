// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace heddle::http {
namespace {

struct Reason {
    unsigned status;
    std::string_view text;
};

constexpr std::array<Reason, 39> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
}};

std::string_view reason(unsigned status) {
    const auto at = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
    return at != kReasons.end() && at->status == status ? at->text : std::string_view();
}

bool isOurs(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kOurs{
        "content-length", "transfer-encoding", "connection", "date", "server", "x-request-id"};
    return std::ranges::any_of(kOurs, [&](std::string_view ours) { return isSameName(name, ours); });
}

void appendNumber(std::string& out, std::size_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void appendField(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    const auto start = out.size();
    out += value;
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        std::replace_if(
            out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
            [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    }
    out += "\r\n";
}

}  // namespace

std::string httpDate(Timestamp when) {
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds_since_1970 = when.micros() / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds_since_1970, &parts);
    const auto two = [](int value) {
        return std::string{static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
    };
    std::string text = kDays[static_cast<std::size_t>(parts.tm_wday)];
    text += ", " + two(parts.tm_mday) + " " + kMonths[static_cast<std::size_t>(parts.tm_mon)] + " ";
    text += std::to_string(parts.tm_year + 1900) + " " + two(parts.tm_hour) + ":" + two(parts.tm_min);
    return text + ":" + two(parts.tm_sec) + " GMT";
}

void appendHead(std::string& out, const Response& response, const HeadFacts& facts) {
    out += "HTTP/1.1 ";
    appendNumber(out, response.status);
    out += ' ';
    out += reason(response.status);
    out += "\r\n";
    appendField(out, "date", facts.date);
    appendField(out, "server", "heddle");
    appendField(out, "x-request-id", facts.request_id);
    for (const auto& [name, value] : response.headers.fields) {
        if (!isOurs(name)) appendField(out, name, value);
    }
    if (facts.framing == Framing::kLength) {
        out += "content-length: ";
        appendNumber(out, facts.length);
        out += "\r\n";
    } else if (facts.framing == Framing::kChunked) {
        out += "transfer-encoding: chunked\r\n";
    }
    if (facts.persistence == Persistence::kClose) out += "connection: close\r\n";
    if (facts.persistence == Persistence::kKeepAlive) out += "connection: keep-alive\r\n";
    out += "\r\n";
}

bool asksToClose(const Response& response) {
    const auto connection = response.headers.get("connection");
    return connection && isSameName(*connection, "close");
}

}  // namespace heddle::http
