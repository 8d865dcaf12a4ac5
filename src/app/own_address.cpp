// SPDX-License-Identifier: Apache-2.0
#include "app/own_address.hpp"

namespace heddle::app {

std::string ownHost(const std::string& host) {
    if (host == "0.0.0.0" || host == "localhost") return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos || host.starts_with('[') ? host : "[" + host + "]";
}

}  // namespace heddle::app
