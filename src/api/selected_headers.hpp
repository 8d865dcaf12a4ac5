// SPDX-License-Identifier: Apache-2.0
// The headers of a request that the configuration lets go further. Pure functions, any thread.
#pragma once

#include "base/json.hpp"
#include "config/http_settings.hpp"
#include "http/message.hpp"

#include <vector>

namespace heddle::api {

// Names in lower case, in the order in which they first came; values of one name are joined by ", "
// (RFC 9110 §5.2) and are UTF-8: others are read as ISO-8859-1, as HTTP once defined them.
std::vector<http::Header> selectedHeaders(const http::Headers& headers, const config::HeaderRule& rule);

// The same as an object for `config.configurable`, without the keys that only the server sets
// (`langgraph_auth_…`, `__…`).
RawJson configurableHeaders(const http::Headers& headers, const config::HeaderRule& rule);

}  // namespace heddle::api
