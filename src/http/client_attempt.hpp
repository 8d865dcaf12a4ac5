// SPDX-License-Identifier: Apache-2.0
// One post(): its connection, how far it is, and what its deadlines and close() do to it. Loop thread only.
#pragma once

#include "base/time.hpp"
#include "http/client_connection.hpp"
#include "http/client_fault.hpp"

#include <memory>

namespace heddle::http {

struct ClientAttempt {
    enum class Stage { kConnecting, kProxy, kTls, kSending, kWaiting, kReading };
    enum class Ending { kNone, kTimeout, kConnectTimeout, kClosed };

    // The first reason counts. Breaks the connection, so that whoever waits for it goes on.
    void end(Ending why);
    [[nodiscard]] bool hasEnded() const { return ending != Ending::kNone; }
    // `fault`, or in its place what ended the attempt.
    [[nodiscard]] ClientFault verdict(ClientFault fault) const;

    microseconds deadline{};  // of the whole, in the clock's steady time
    std::shared_ptr<ClientConnection> connection;
    Stage stage = Stage::kConnecting;
    Ending ending = Ending::kNone;
    ClientPhases phases;
};

}  // namespace heddle::http
