// SPDX-License-Identifier: Apache-2.0
#include "http/client_attempt.hpp"

namespace heddle::http {
namespace {

using Stage = ClientAttempt::Stage;

const char* describe(Stage stage) {
    switch (stage) {
        case Stage::kConnecting:
            return "timed out while connecting";
        case Stage::kProxy:
            return "timed out";
        case Stage::kTls:
            return "timed out while setting up TLS";
        case Stage::kSending:
            return "timed out while sending the request";
        case Stage::kWaiting:
            return "timed out while waiting for the response";
        case Stage::kReading:
            break;
    }
    return "timed out while reading the response";
}

}  // namespace

void ClientAttempt::end(Ending why) {
    if (hasEnded()) return;
    ending = why;
    if (!connection) return;
    if (stage == Stage::kWaiting && connection->isSending()) stage = Stage::kSending;
    connection->abort();
}

ClientFault ClientAttempt::verdict(ClientFault fault) const {
    if (ending == Ending::kNone) return fault;
    if (ending == Ending::kClosed) return {ClientFailure::kClosed, "the server is shutting down"};
    if (stage == Stage::kProxy) return proxyFault(describe(stage));
    const bool is_whole = ending == Ending::kTimeout;
    return {is_whole ? ClientFailure::kTimeout : ClientFailure::kConnectTimeout, describe(stage)};
}

}  // namespace heddle::http
