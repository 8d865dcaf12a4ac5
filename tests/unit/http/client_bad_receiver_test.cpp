// SPDX-License-Identifier: Apache-2.0
// Every way to misbehave that we know of ends within the deadline, takes little, and does not disturb what
// comes after it.
#include "unit/http/client_fixture.hpp"

#include <ostream>

namespace heddle::http::test {
namespace {

constexpr milliseconds kDeadline{500};
constexpr std::size_t kReadMost = 1'000;

// Sends `piece` until the client has had enough; with a pause between, when it drips.
awaitable<void> sendForever(RawPeer& peer, std::string piece, milliseconds between = milliseconds(0)) {
    while (!peer.isBroken()) {
        co_await peer.send(piece);
        if (between.count() > 0) co_await pause(between);
    }
}

struct Misbehaviour {
    const char* name;
    awaitable<void> (*behave)(RawPeer peer);
    ClientFailure failure;
    unsigned status = 0;
    std::size_t body = 0;  // bytes that come of it

    friend void PrintTo(const Misbehaviour& self, std::ostream* out) { *out << self.name; }
};

template <std::size_t Size>
awaitable<void> answerAndClose(RawPeer peer, const char (&answer)[Size]) {
    co_await Receiver::readRequest(peer);
    co_await peer.send(std::string(answer, Size - 1));
}

awaitable<void> hangAtOnce(RawPeer peer) {
    co_await hang();
    peer.close();
}
awaitable<void> hangAfterRequest(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await hang();
}
awaitable<void> dripHead(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nA: ");
    co_await sendForever(peer, "x", milliseconds(2));
}
awaitable<void> dripInterim(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await sendForever(peer, "HTTP/1.1 102 Processing\r\n\r\n", milliseconds(50));
}
awaitable<void> dripBody(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    co_await sendForever(peer, "x", milliseconds(2));
}
awaitable<void> floodInterim(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await sendForever(peer, "HTTP/1.1 100 Continue\r\n\r\n");
}
awaitable<void> floodHead(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\n");
    co_await sendForever(peer, "X-Filler: 0123456789\r\n");
}
awaitable<void> floodBody(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    co_await sendForever(peer, std::string(64 * 1024, 'x'));
}
awaitable<void> floodUntilEnd(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.0 200 OK\r\n\r\n");
    co_await sendForever(peer, std::string(64 * 1024, 'x'));
}
awaitable<void> floodChunks(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    co_await sendForever(peer, "4\r\nxxxx\r\n");
}
awaitable<void> floodChunkExtensions(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    co_await sendForever(peer, "1;" + std::string(10'000, 'x') + "\r\nx\r\n");
}
awaitable<void> floodTrailers(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    co_await sendForever(peer, "X-Filler: 0123456789\r\n");
}
// 10 MB of zeros, compressed to 10 kB: handed on as they are, never inflated.
awaitable<void> sendBomb(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10000\r\n\r\n\x1f\x8b\x08" +
        std::string(9'997, '\x01'));
}
awaitable<void> resetAtOnce(RawPeer peer) {
    peer.reset();
    co_return;
}
awaitable<void> resetAfterRequest(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    peer.reset();
}
awaitable<void> resetInHead(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nConte");
    co_await pause(milliseconds(20));
    peer.reset();
}
awaitable<void> resetInBody(RawPeer peer) {
    co_await Receiver::readRequest(peer);
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    co_await pause(milliseconds(20));
    peer.reset();
}
awaitable<void> closeAtOnce(RawPeer peer) {
    peer.close();
    co_return;
}
awaitable<void> promiseTooMuch(RawPeer peer) {
    return answerAndClose(std::move(peer), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
}
awaitable<void> promiseTooLittle(RawPeer peer) {
    return answerAndClose(std::move(peer), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefghij");
}
awaitable<void> answerTwice(RawPeer peer) {
    return answerAndClose(
        std::move(peer),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
}
awaitable<void> speakOldHttp(RawPeer peer) {
    return answerAndClose(std::move(peer), "HTTP/1.0 200 OK\r\n\r\nabc");
}
awaitable<void> speakInTheInterim(RawPeer peer) {
    return answerAndClose(std::move(peer),
                          "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n");
}
awaitable<void> speakGarbage(RawPeer peer) {
    return answerAndClose(std::move(peer), "\x15\x03\x01\x00\x02\x02\x28");
}
awaitable<void> answerUnasked(RawPeer peer) {
    co_await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    co_await Receiver::readRequest(peer);
}

using Failure = ClientFailure;
const Misbehaviour kMisbehaviours[] = {
    {"HangAtOnce", hangAtOnce, Failure::kTimeout},
    {"HangAfterRequest", hangAfterRequest, Failure::kTimeout},
    {"DripHead", dripHead, Failure::kTimeout},
    {"DripInterim", dripInterim, Failure::kTimeout},
    {"DripBody", dripBody, Failure::kTimeout, 200, 1},
    {"FloodInterim", floodInterim, Failure::kProtocol},
    {"FloodHead", floodHead, Failure::kProtocol},
    {"FloodBody", floodBody, Failure::kNone, 200, kReadMost},
    {"FloodUntilEnd", floodUntilEnd, Failure::kNone, 200, kReadMost},
    {"FloodChunks", floodChunks, Failure::kNone, 200, kReadMost},
    {"FloodChunkExtensions", floodChunkExtensions, Failure::kProtocol, 200, 1},
    {"FloodTrailers", floodTrailers, Failure::kProtocol, 200},
    {"SendBomb", sendBomb, Failure::kNone, 200, kReadMost},
    {"ResetAtOnce", resetAtOnce, Failure::kReset},
    {"ResetAfterRequest", resetAfterRequest, Failure::kReset},
    {"ResetInHead", resetInHead, Failure::kReset},
    {"ResetInBody", resetInBody, Failure::kReset, 200, 3},
    {"CloseAtOnce", closeAtOnce, Failure::kReset},
    {"PromiseTooMuch", promiseTooMuch, Failure::kReset, 200, 3},
    {"PromiseTooLittle", promiseTooLittle, Failure::kNone, 200, 3},
    {"AnswerTwice", answerTwice, Failure::kNone, 200},
    {"SpeakOldHttp", speakOldHttp, Failure::kNone, 200, 3},
    {"SpeakInTheInterim", speakInTheInterim, Failure::kNone, 201},
    {"SpeakGarbage", speakGarbage, Failure::kProtocol},
    {"AnswerUnasked", answerUnasked, Failure::kNone, 413},
};

class BadReceiverTest : public ClientTest, public ::testing::WithParamInterface<Misbehaviour> {};

TEST_P(BadReceiverTest, EndsInTimeAndTheNextDeliverySucceeds) {
    const Misbehaviour& bad = GetParam();
    inBackground([](Receiver& receiver, awaitable<void> (*behave)(RawPeer)) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await behave(std::move(peer));
    }(receiver_, bad.behave));
    ClientRequest made = request();
    if (bad.failure == ClientFailure::kTimeout) made.timeout = kDeadline;
    made.read_max = kReadMost;
    const auto got = postOn(client_, made);
    EXPECT_EQ(got.failure, bad.failure) << got.error;
    EXPECT_EQ(got.error.empty(), bad.failure == ClientFailure::kNone);
    EXPECT_EQ(got.status, bad.status);
    EXPECT_LE(got.body.size(), kReadMost);
    EXPECT_GE(got.body.size(), bad.body);
    EXPECT_LT(got.took, made.timeout + milliseconds(1'000));

    const int before = receiver_.accepted();
    const auto next = answered(std::string(kOk));
    EXPECT_EQ(next.body, "ok") << next.error;
    EXPECT_EQ(receiver_.accepted(), before + 1) << "a connection of the bad receiver was used again";
}

INSTANTIATE_TEST_SUITE_P(All, BadReceiverTest, ::testing::ValuesIn(kMisbehaviours),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(ClientTest, AnAnswerCountsThoughNobodyReadsTheRequest) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await peer.readUntil("\r\n\r\n");
        co_await peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        co_await hang();
    }(receiver_));
    ClientRequest made = request();
    made.body = std::string(32 << 20, 'x');
    const auto got = postOn(client_, std::move(made));
    EXPECT_EQ(got.status, 401U) << got.error;
    EXPECT_EQ(got.failure, ClientFailure::kNone);
    EXPECT_LT(got.took, milliseconds(2'000));
    EXPECT_EQ(answered(std::string(kOk)).body, "ok");
    EXPECT_EQ(receiver_.accepted(), 2);
}

TEST_F(ClientTest, AnAnswerCountsThoughTheConnectionIsResetBehindIt) {
    inBackground([](Receiver& receiver) -> awaitable<void> {
        RawPeer peer = co_await receiver.accept();
        co_await peer.readUntil("\r\n\r\n");
        co_await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        peer.close();  // with unread bytes: the system sends a reset
    }(receiver_));
    ClientRequest made = request();
    made.body = std::string(4 << 20, 'x');
    const auto got = postOn(client_, std::move(made));
    EXPECT_EQ(got.status, 413U) << got.error;
}

}  // namespace
}  // namespace heddle::http::test
