// SPDX-License-Identifier: Apache-2.0
// `heddle health`: asks a server that is running whether it is well, as probes of containers do.
#pragma once

#include <map>
#include <string>

namespace heddle::app {

// As given on the command line.
struct HealthCall {
    std::string url;  // http://host:port of the server; empty: this machine's, as the environment says
    std::string path = "/ready";
};

// Prints the answer's body. 0: 200 within 5 s; 1: anything else, told on stderr; 2: `url` is malformed.
int health(const HealthCall& call, const std::map<std::string, std::string>& environment);

}  // namespace heddle::app
