// SPDX-License-Identifier: Apache-2.0
#include "http/client_wire.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace heddle::http {
namespace {

constexpr std::array<std::string_view, 3> kOurs{"host", "content-length", "transfer-encoding"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isOurs(std::string_view name) {
    return std::ranges::any_of(
        kOurs, [&](std::string_view ours) { return std::ranges::equal(name, ours, {}, lower); });
}

// RFC 9110 §5.6.2
bool isToken(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool isFieldValue(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || c == '\t';
    });
}

bool isGraphic(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::optional<std::string> unsendable(const ClientRequest& request) {
    if (request.target.empty() || request.target.front() != '/' || !isGraphic(request.target)) {
        return "the URL's path cannot be sent";
    }
    if (request.host.empty() || !isGraphic(request.host)) return "the URL's host cannot be sent";
    for (const auto& [name, value] : request.headers.fields) {
        if (!isToken(name)) return "a header has an invalid name";
        if (!isFieldValue(value)) return "the header " + name + " has an invalid value";
    }
    return std::nullopt;
}

std::string hostField(const ClientRequest& request) {
    const bool is_ipv6 = request.host.find(':') != std::string::npos;
    std::string text = is_ipv6 ? "[" + request.host + "]" : request.host;
    if (request.port != (request.tls ? 443 : 80)) text += ":" + std::to_string(request.port);
    return text;
}

std::string requestHead(const ClientRequest& request) {
    std::string head = "POST " + request.target + " HTTP/1.1\r\nHost: " + hostField(request) + "\r\n";
    for (const auto& [name, value] : request.headers.fields) {
        if (!isOurs(name)) head.append(name).append(": ").append(value).append("\r\n");
    }
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    return head;
}

}  // namespace heddle::http
