// SPDX-License-Identifier: Apache-2.0
// Under which addresses a listener is reached from this machine.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <vector>

namespace heddle::webhook {

// `bound` itself; for 0.0.0.0 and :: also every address that an interface has now, without zones. The
// unspecified address stands for all of loopback (127.0.0.0/8, ::1), which is no list. Addresses that come
// later and ones that a router or a firewall maps to this machine cannot be known. Throws std::system_error
// when the system does not say.
std::vector<boost::asio::ip::address> listenerAddresses(const boost::asio::ip::address& bound);

}  // namespace heddle::webhook
