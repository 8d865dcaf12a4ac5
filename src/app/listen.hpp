// SPDX-License-Identifier: Apache-2.0
// `heddle listen`: a receiver for trying webhooks out. Prints each one, answers as told.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::app {

// As given on the command line.
struct ListenCall {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;  // 0: a free one
    unsigned status = 200;
    std::string delay = "0s";          // before the answer
    std::vector<std::string> secrets;  // whsec_…
};

// "2s", "500ms", "1.5s", "2m"; a number alone is seconds. Nothing for anything else and above an hour.
[[nodiscard]] std::optional<std::chrono::milliseconds> parseDelay(std::string_view text);

// Listens until SIGTERM or SIGINT, then 0. The first line on stdout is "heddle listening http://HOST:PORT".
// 1: it cannot listen; 2: a delay or secret is malformed (told on stderr, a secret never repeated).
int listen(const ListenCall& call);

}  // namespace heddle::app
