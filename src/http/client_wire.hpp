// SPDX-License-Identifier: Apache-2.0
// The bytes of a request that the client sends. Sans-io.
#pragma once

#include "http/client.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::http {

// Why a request cannot be put into HTTP/1.1 (it would let a header or a target smuggle in lines); nothing: it
// can.
[[nodiscard]] std::optional<std::string> unsendable(const ClientRequest& request);

// `example.com`, `example.com:8443`, `[::1]:80`; the port only when it is not the scheme's own.
[[nodiscard]] std::string hostField(const ClientRequest& request);

// Request line and fields. Host, Content-Length and Transfer-Encoding among the request's own headers are
// left out.
[[nodiscard]] std::string requestHead(const ClientRequest& request);

// What asks a proxy for a tunnel. `host`: a name, or an address without brackets.
[[nodiscard]] std::string connectHead(const std::string& host, std::uint16_t port,
                                      const std::string& authorization);

}  // namespace heddle::http
