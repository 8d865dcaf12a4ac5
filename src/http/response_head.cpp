// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace heddle::http {
namespace {

std::string_view reason(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 424: return "Failed Dependency";
        case 425: return "Too Early";
        case 426: return "Upgrade Required";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "";
    }
}

bool sameName(std::string_view name, std::string_view lower_case) {
    return std::ranges::equal(name, lower_case, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

bool isOurs(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kOurs{"content-length", "transfer-encoding", "connection",
                                                           "date",           "server",            "x-request-id"};
    return std::ranges::any_of(kOurs, [&](std::string_view ours) { return sameName(name, ours); });
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
    return connection && sameName(*connection, "close");
}

}  // namespace heddle::http
