// SPDX-License-Identifier: Apache-2.0
// Names to addresses. The only name server asked is the one that the test plays on a loopback socket.
#include "http/resolver.hpp"

#include "unit/http/loopback.hpp"

#include <boost/asio/ip/udp.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace heddle::http::test {
namespace {

using asio::ip::udp;

// Answers A and AAAA questions from a table; says nothing about the names in `silent`, NXDOMAIN about others.
class FakeNameServer {
  public:
    explicit FakeNameServer(asio::io_context& loop) : socket_(loop), acceptor_(loop) {
        while (!bindBoth()) {
        }
        asio::co_spawn(loop, serve(), [](std::exception_ptr) {});
        asio::co_spawn(loop, serveTcp(), [](std::exception_ptr) {});
    }

    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port());
    }

    std::map<std::string, std::vector<asio::ip::address>> known;
    std::set<std::string> silent;
    int asked = 0;
    int asked_by_tcp = 0;
    bool truncates = false;  // answers over UDP say "ask again over TCP"

  private:
    // One port for UDP and TCP: a free one of UDP may be taken in TCP.
    bool bindBoth() {
        socket_ = udp::socket(socket_.get_executor(), udp::endpoint(asio::ip::address_v4::loopback(), 0));
        acceptor_ = tcp::acceptor(acceptor_.get_executor(), tcp::v4());
        error_code taken;
        acceptor_.bind({asio::ip::address_v4::loopback(), socket_.local_endpoint().port()}, taken);
        if (!taken) acceptor_.listen(asio::socket_base::max_listen_connections, taken);
        return !taken;
    }

    awaitable<void> serve() {
        for (;;) {
            std::array<char, 512> packet{};
            udp::endpoint client;
            const auto room = asio::buffer(packet);
            const auto [ec, size] = co_await socket_.async_receive_from(room, client, kTuple);
            if (ec) co_return;
            ++asked;
            std::string answer = reply({packet.data(), size});
            if (answer.empty()) continue;
            if (truncates) answer[2] |= 2;
            const auto bytes = asio::buffer(std::as_const(answer));
            co_await socket_.async_send_to(bytes, client, kTuple);
        }
    }

    // RFC 1035 §4.2.2: messages with their length before them.
    awaitable<void> serveTcp() {
        for (;;) {
            tcp::socket accepted = co_await acceptor_.async_accept(asio::use_awaitable);
            asio::co_spawn(acceptor_.get_executor(), answerTcp(RawPeer(std::move(accepted))),
                           [](std::exception_ptr) {});
        }
    }
    awaitable<void> answerTcp(RawPeer peer) {
        for (;;) {
            const std::string length = co_await peer.readBytes(2);
            if (length.size() < 2) co_return;
            const auto high = static_cast<unsigned char>(length[0]),
                       low = static_cast<unsigned char>(length[1]);
            const std::string query = co_await peer.readBytes(std::size_t{high} * 256 + low);
            ++asked_by_tcp;
            const std::string answer = reply(query);
            std::string message{static_cast<char>(answer.size() / 256),
                                static_cast<char>(answer.size() % 256)};
            message += answer;
            co_await peer.send(message);
        }
    }

    // RFC 1035 §4.1: header, the question again, and its answers.
    std::string reply(std::string_view query) {
        std::string name;
        std::size_t at = 12;
        while (query[at] != 0) {
            const auto size = static_cast<std::size_t>(query[at]);
            if (!name.empty()) name += '.';
            name += query.substr(at + 1, size);
            at += size + 1;
        }
        if (silent.contains(name)) return {};
        const char type = query[at + 2];
        const auto entry = known.find(name);
        std::string records;
        char count = 0;
        if (entry != known.end()) {
            for (const auto& each : entry->second) {
                if (each.is_v4() != (type == 1)) continue;
                ++count;
                records += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0\x3c\0", 7);
                if (each.is_v4()) {
                    const auto bytes = each.to_v4().to_bytes();
                    records += '\4';
                    records.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                } else {
                    const auto bytes = each.to_v6().to_bytes();
                    records += '\x10';
                    records.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                }
            }
        }
        std::string packet(query.substr(0, 2));
        packet += '\x81';
        packet += entry == known.end() ? '\x83' : '\x80';  // NXDOMAIN or no error
        packet += std::string("\0\1\0", 3) + count + std::string("\0\0\0\0", 4);
        packet += query.substr(12, at + 5 - 12);
        return packet + records;
    }

    udp::socket socket_;
    tcp::acceptor acceptor_;
};

class ResolverTest : public ::testing::Test {
  protected:
    // "address address …", or "KIND: detail".
    std::string resolved(const std::string& host, milliseconds timeout = kPatience / 2) {
        std::string text;
        runToEnd(loop_,
                 [](Resolver& resolver, std::string name, milliseconds limit,
                    std::string& out) -> awaitable<void> {
                     const auto result = co_await resolver.resolve(std::move(name), limit);
                     out = show(result);
                 }(resolver_, host, timeout, text));
        return text;
    }
    static std::string show(const Result<std::vector<asio::ip::address>>& result) {
        if (!result) {
            const bool absent = result.error().kind == ProblemKind::kNotFound;
            return (absent ? "not found: " : "unavailable: ") + result.error().detail;
        }
        std::string text;
        for (const auto& address : *result) text += (text.empty() ? "" : " ") + address.to_string();
        return text;
    }

    asio::io_context loop_{1};
    FakeNameServer server_{loop_};
    Resolver resolver_{loop_.get_executor(), ResolverOptions{server_.address()}};
};

TEST_F(ResolverTest, LiteralsAnswerThemselves) {
    EXPECT_EQ(resolved("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(resolved("2001:db8::1"), "2001:db8::1");
    EXPECT_EQ(resolved("[2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(resolved("::ffff:127.0.0.1"), "::ffff:127.0.0.1");
    EXPECT_EQ(server_.asked, 0);
}

TEST_F(ResolverTest, NumericFormsAreReadAsInetAtonDoes) {
    for (const auto* form :
         {"2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "127.1."}) {
        EXPECT_EQ(resolved(form), "127.0.0.1") << form;
    }
    EXPECT_EQ(resolved("0"), "0.0.0.0");
    EXPECT_EQ(server_.asked, 0);
}

TEST_F(ResolverTest, LocalhostIsLoopbackWithoutAsking) {
    for (const auto* name : {"localhost", "LocalHost", "localhost.", "x.localhost"}) {
        EXPECT_EQ(resolved(name), "127.0.0.1 ::1") << name;
    }
    EXPECT_EQ(server_.asked, 0);
}

TEST_F(ResolverTest, AsksForBothFamilies) {
    server_.known["receiver.test"] = {asio::ip::make_address("127.0.0.7"),
                                      asio::ip::make_address("127.0.0.8")};
    server_.known["both.test"] = {asio::ip::make_address("127.0.0.7"), asio::ip::make_address("::1")};
    server_.known["six.test"] = {asio::ip::make_address("::1")};
    const std::string two = resolved("receiver.test");
    EXPECT_TRUE(two == "127.0.0.7 127.0.0.8" || two == "127.0.0.8 127.0.0.7") << two;
    const std::string both = resolved("both.test");
    EXPECT_TRUE(both == "127.0.0.7 ::1" || both == "::1 127.0.0.7") << both;
    EXPECT_EQ(resolved("six.test"), "::1");
    // A name that only begins like an address is a name.
    server_.known["127.0.0.1.evil.test"] = {asio::ip::make_address("127.0.0.9")};
    EXPECT_EQ(resolved("127.0.0.1.evil.test"), "127.0.0.9");
}

TEST_F(ResolverTest, AsksOverTcpWhenAnAnswerIsTruncated) {
    server_.truncates = true;
    for (int i = 0; i < 5; ++i) {
        const std::string name = "large" + std::to_string(i) + ".test";
        server_.known[name] = {asio::ip::make_address("127.0.0.7")};
        EXPECT_EQ(resolved(name), "127.0.0.7");
    }
    EXPECT_GE(server_.asked_by_tcp, 10);
}

TEST_F(ResolverTest, AnUnknownNameIsNotFound) {
    EXPECT_EQ(resolved("nowhere.test"), "not found: the host name does not exist");
    server_.known["empty.test"] = {};
    EXPECT_EQ(resolved("empty.test"), "not found: the host name does not exist");
    EXPECT_EQ(resolved(""), "not found: the host name is empty");
    EXPECT_EQ(resolved(std::string("a\0b", 3)), "not found: the host name is empty");
    EXPECT_EQ(resolved(std::string(300, 'x') + ".test").substr(0, 9), "not found");
}

TEST_F(ResolverTest, TheDeadlineHoldsWhenNobodyAnswers) {
    server_.silent.insert("slow.test");
    EXPECT_EQ(resolved("slow.test", milliseconds(20)), "unavailable: the name lookup timed out");
}

TEST_F(ResolverTest, ASlowNameDelaysNoOther) {
    server_.silent.insert("slow.test");
    server_.known["quick.test"] = {asio::ip::make_address("127.0.0.7")};
    std::string slow;
    std::string quick;
    const auto lookup = [](Resolver& resolver, std::string name, std::string& out) -> awaitable<void> {
        const auto result = co_await resolver.resolve(std::move(name), milliseconds(300));
        out = show(result);
    };
    asio::co_spawn(loop_, lookup(resolver_, "slow.test", slow), [](std::exception_ptr) {});
    runToEnd(loop_, lookup(resolver_, "quick.test", quick));
    EXPECT_EQ(quick, "127.0.0.7");
    EXPECT_EQ(slow, "");
    runToEnd(loop_, pause(milliseconds(310)));
    EXPECT_EQ(slow, "unavailable: the name lookup timed out");
    EXPECT_EQ(resolved("quick.test"), "127.0.0.7");
}

TEST_F(ResolverTest, ManyAtOnce) {
    std::vector<std::string> results(60);  // a burst that fits the sockets' buffers
    const auto lookup = [](Resolver& resolver, std::string name, std::string& out) -> awaitable<void> {
        const auto result = co_await resolver.resolve(std::move(name), kPatience / 2);
        out = show(result);
    };
    for (std::size_t i = 0; i < results.size(); ++i) {
        const std::string name = "n" + std::to_string(i) + ".test";
        server_.known[name] = {asio::ip::address_v4(0x7f000100 + static_cast<unsigned>(i))};
        asio::co_spawn(loop_, lookup(resolver_, name, results[i]), [](std::exception_ptr) {});
    }
    runToEnd(loop_, [](std::vector<std::string>& all) -> awaitable<void> {
        const auto all_there = [&all] { return std::ranges::none_of(all, &std::string::empty); };
        const bool done = co_await eventually(all_there);
        EXPECT_TRUE(done);
    }(results));
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], "127.0.1." + std::to_string(i));
}

TEST_F(ResolverTest, MayBeDestroyedWhileAsking) {
    server_.silent.insert("slow.test");
    auto resolver = std::make_unique<Resolver>(loop_.get_executor(), ResolverOptions{server_.address()});
    std::string out;
    asio::co_spawn(
        loop_,
        [](Resolver& asked, std::string& text) -> awaitable<void> {
            const auto result = co_await asked.resolve("slow.test", kPatience);
            text = show(result);
        }(*resolver, out),
        [](std::exception_ptr) {});
    runToEnd(loop_, pause(milliseconds(5)));
    resolver.reset();
    runToEnd(loop_, pause(milliseconds(5)));
    EXPECT_EQ(out, "unavailable: the name lookup was cancelled");
}

}  // namespace
}  // namespace heddle::http::test
