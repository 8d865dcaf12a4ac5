// SPDX-License-Identifier: Apache-2.0
#include "webhook/request.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace heddle::webhook {
namespace {

// Lower case. The client writes these itself, or they would change where the message ends.
constexpr std::array<std::string_view, 11> kReserved = {
    "host",    "content-type", "content-length", "connection", "transfer-encoding", "te",
    "trailer", "upgrade",      "expect",         "keep-alive", "proxy-connection"};

bool isReserved(std::string name) {
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

}  // namespace

http::ClientRequest buildRequest(const Url& url, const Delivery& delivery, std::string body,
                                 const ConfiguredHeaders& configured, const std::string& user_agent,
                                 const Stamp& stamp) {
    http::ClientRequest request;
    request.tls = url.tls;
    request.host = url.host;
    request.port = url.port;
    request.target = url.target;
    request.headers.set("Accept", "*/*");
    request.headers.set("User-Agent", user_agent);
    request.headers.set("Content-Type", "application/json");
    for (const auto& [name, value] : configured) {
        if (!isReserved(name)) request.headers.set(name, value.reveal());
    }
    request.headers.set("webhook-id", delivery.id.str());
    request.headers.set("webhook-timestamp", std::to_string(stamp.timestamp_s));
    if (!stamp.signature.empty()) request.headers.set("webhook-signature", stamp.signature);
    if (delivery.traceparent) request.headers.set("traceparent", *delivery.traceparent);
    request.body = std::move(body);
    return request;
}

}  // namespace heddle::webhook
