// SPDX-License-Identifier: Apache-2.0
#include "app/listening_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <chrono>

namespace heddle::app {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::chrono::seconds kPatience{1};

asio::ip::address reachable(const std::string& host) {
    boost::system::error_code none;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, none);
    if (!address.is_unspecified()) return address;
    if (address.is_v6()) return asio::ip::address_v6::loopback();
    return asio::ip::address_v4::loopback();
}

}  // namespace

bool answersAsServer(const std::string& host, std::uint16_t port, const std::string& mount_prefix) {
    asio::io_context loop;
    tcp::socket socket(loop);
    const std::string request =
        "GET " + mount_prefix + "/ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    std::string answer;
    socket.async_connect({reachable(host), port}, [&](boost::system::error_code failed) {
        if (failed) return;
        asio::async_write(socket, asio::buffer(request), [&](boost::system::error_code unsent, std::size_t) {
            if (unsent) return;
            asio::async_read(socket, asio::dynamic_buffer(answer, 64 * 1024), [](auto, std::size_t) {});
        });
    });
    loop.run_for(kPatience);
    return answer.starts_with("HTTP/1.1 200 ") && answer.find(R"({"ok":true)") != std::string::npos;
}

}  // namespace heddle::app
