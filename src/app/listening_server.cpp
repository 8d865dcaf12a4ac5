// SPDX-License-Identifier: Apache-2.0
#include "app/listening_server.hpp"

#include "app/own_address.hpp"
#include "app/server_question.hpp"

#include <chrono>

namespace heddle::app {
namespace {

constexpr std::chrono::seconds kPatience{1};

}  // namespace

bool answersAsServer(const std::string& host, std::uint16_t port, const std::string& mount_prefix) {
    ServerQuestion question{ownHost(host), port, "localhost", mount_prefix + "/ok"};
    question.limit = kPatience;
    const auto answer = askServer(question);
    return answer.problem.empty() && answer.status == 200 && answer.body.starts_with(R"({"ok":true)");
}

}  // namespace heddle::app
