// SPDX-License-Identifier: Apache-2.0
#include "http/client_wire.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace heddle::http {
namespace {

constexpr std::array<std::string_view, 3> kOurs{"Host", "Content-Length", "Transfer-Encoding"};

bool isOurs(std::string_view name) {
    return std::ranges::any_of(kOurs, [&](std::string_view ours) { return isSameName(name, ours); });
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
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
    if (request.proxy && !isFieldValue(request.proxy->authorization)) {
        return "the proxy's authorization cannot be sent";
    }
    return std::nullopt;
}

std::string hostField(const ClientRequest& request) {
    std::string text = bracketed(request.host);
    if (request.port != (request.tls ? 443 : 80)) text += ":" + std::to_string(request.port);
    return text;
}

std::string requestHead(const ClientRequest& request) {
    std::string head;
    head.reserve(1'024);
    head.append("POST ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    head.append(hostField(request)).append("\r\n");
    for (const auto& [name, value] : request.headers.fields) {
        if (!isOurs(name)) head.append(name).append(": ").append(value).append("\r\n");
    }
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    return head;
}

std::string connectHead(const std::string& host, std::uint16_t port, const std::string& authorization) {
    const std::string authority = bracketed(host) + ":" + std::to_string(port);
    std::string head = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!authorization.empty()) head.append("Proxy-Authorization: ").append(authorization).append("\r\n");
    head += "\r\n";
    return head;
}

}  // namespace heddle::http
