// SPDX-License-Identifier: Apache-2.0
// How many idle connections are kept.
#include "http/client_pool.hpp"

#include "base/limits.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace heddle::http {
namespace {

class ClientPoolTest : public ::testing::Test {
  protected:
    static ClientPool::Key key(const std::string& host) { return {false, host, 80, {}, {}}; }

    std::shared_ptr<ClientConnection> connected() {
        auto made = std::make_shared<ClientConnection>(loop_.get_executor());
        const auto to = acceptor_.local_endpoint();
        boost::asio::co_spawn(
            loop_,
            [](std::shared_ptr<ClientConnection> connection, tcp::endpoint endpoint)
                -> boost::asio::awaitable<void> { co_await connection->connect(endpoint); }(made, to),
            boost::asio::detached);
        loop_.restart();
        loop_.run();
        return made;
    }

    using tcp = boost::asio::ip::tcp;
    boost::asio::io_context loop_{1};
    tcp::acceptor acceptor_{loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
    ClientPool pool_{loop_.get_executor()};
};

TEST_F(ClientPoolTest, GivesTheOneUsedLast) {
    const auto first = connected();
    const auto second = connected();
    pool_.put(key("a"), first);
    pool_.put(key("a"), second);
    EXPECT_EQ(pool_.take(key("b")), nullptr);
    EXPECT_EQ(pool_.take(key("a")), second);
    EXPECT_EQ(pool_.take(key("a")), first);
    EXPECT_EQ(pool_.take(key("a")), nullptr);
    pool_.clear();
}

TEST_F(ClientPoolTest, KeepsSoManyOfAKind) {
    for (std::size_t i = 0; i <= limits::kWebhookLaneInFlight; ++i) {
        pool_.put(key("a"), std::make_shared<ClientConnection>(loop_.get_executor()));
    }
    EXPECT_EQ(pool_.size(), limits::kWebhookLaneInFlight);
}

TEST_F(ClientPoolTest, TheOldestMakesRoomWhenAllPlacesAreTaken) {
    const auto oldest = connected();
    const auto newest = connected();
    pool_.put(key("oldest"), oldest);
    for (std::size_t i = 1; i < limits::kClientKept; ++i) {
        pool_.put(key("host" + std::to_string(i)), std::make_shared<ClientConnection>(loop_.get_executor()));
    }
    EXPECT_EQ(pool_.size(), limits::kClientKept);
    pool_.put(key("newest"), newest);
    EXPECT_EQ(pool_.size(), limits::kClientKept);
    EXPECT_FALSE(oldest->looksAlive());
    EXPECT_EQ(pool_.take(key("oldest")), nullptr);
    EXPECT_EQ(pool_.take(key("newest")), newest);
}

TEST_F(ClientPoolTest, KeepsTunnelsApartFromWhatIsDialledDirectly) {
    const auto tunnel = connected();
    ClientPool::Key through = key("a");
    through.proxy = tcp::endpoint(boost::asio::ip::address_v4::loopback(), 3128);
    pool_.put(through, tunnel);
    EXPECT_EQ(pool_.take(key("a")), nullptr);
    EXPECT_EQ(pool_.take(through), tunnel);
}

}  // namespace
}  // namespace heddle::http
