// SPDX-License-Identifier: Apache-2.0
#include "webhook/listener_addresses.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

namespace heddle::webhook {
namespace {

using boost::asio::ip::address;

std::optional<address> addressOf(const sockaddr* socket_address) {
    if (socket_address == nullptr) return std::nullopt;
    if (socket_address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, socket_address, sizeof v4);
        return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (socket_address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, socket_address, sizeof v6);
        boost::asio::ip::address_v6::bytes_type bytes{};
        std::memcpy(bytes.data(), v6.sin6_addr.s6_addr, bytes.size());
        return boost::asio::ip::address_v6(bytes);
    }
    return std::nullopt;
}

}  // namespace

std::vector<address> listenerAddresses(const address& bound) {
    std::vector<address> found{bound};
    if (!bound.is_unspecified()) return found;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) throw std::system_error(errno, std::generic_category(), "getifaddrs");
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
    for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
        const auto one = addressOf(each->ifa_addr);
        if (!one || (bound.is_v4() && one->is_v6())) continue;
        if (std::find(found.begin(), found.end(), *one) == found.end()) found.push_back(*one);
    }
    return found;
}

}  // namespace heddle::webhook
