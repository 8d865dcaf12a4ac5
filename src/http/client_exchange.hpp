// SPDX-License-Identifier: Apache-2.0
// One request and its response on an open connection. Loop thread only.
#pragma once

#include "base/time.hpp"
#include "http/client_attempt.hpp"

#include <boost/asio/awaitable.hpp>

namespace heddle::http {

struct ClientExchange {
    ClientResponse response;  // without `took` and `phases`
    bool is_silent = true;    // not one byte came back
    bool is_reusable = false;
};

// On attempt.connection, all of whose arguments must live until this has ended. Fills phases.first_byte.
boost::asio::awaitable<ClientExchange> exchange(ClientAttempt& attempt, const ClientRequest& request,
                                                const Clock& clock);

}  // namespace heddle::http
