// SPDX-License-Identifier: Apache-2.0
#include "http/client_exchange.hpp"

#include "base/limits.hpp"
#include "http/client_wire.hpp"
#include "http/response_reader.hpp"

#include <boost/asio/error.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace heddle::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using State = ResponseReader::State;
using Stage = ClientAttempt::Stage;

ClientFault faultOf(State state, const error_code& broken) {
    switch (state) {
        case State::kNeedMore:
            return brokenFault(broken);
        case State::kMalformed:
            return {ClientFailure::kProtocol, "the response is not valid HTTP/1.1"};
        case State::kTooManyInterim:
            return {ClientFailure::kProtocol, "too many interim responses"};
        case State::kDone:
        case State::kBodyFull:
            break;
    }
    return {};
}

}  // namespace

asio::awaitable<ClientExchange> exchange(ClientAttempt& attempt, const ClientRequest& request,
                                         const Clock& clock) {
    const auto connection = attempt.connection;
    const microseconds started = clock.steady();
    attempt.stage = Stage::kWaiting;
    connection->send(requestHead(request), request.body);

    ClientExchange result;
    ResponseReader reader(request.read_max);
    State state = State::kNeedMore;
    error_code broken;
    const auto bytes = std::make_unique_for_overwrite<char[]>(limits::kClientRead);
    while (state == State::kNeedMore && !broken) {
        const auto room = asio::buffer(bytes.get(), limits::kClientRead);
        const IoResult got = co_await connection->read(room);
        if (got.bytes > 0 && std::exchange(result.is_silent, false)) {
            attempt.phases.first_byte = clock.steady() - started;
        }
        state = reader.take(std::string_view(bytes.get(), got.bytes));
        if (reader.response().hasHead()) attempt.stage = Stage::kReading;
        if (state == State::kNeedMore && got.error == asio::error::eof) state = reader.end();
        broken = got.error;
    }
    const bool is_answered_early = connection->isSending();
    if (is_answered_early) connection->abort();
    const error_code unsent = co_await connection->sent();

    ClientResponse& response = result.response;
    ClientFault fault = faultOf(state, broken);
    if (fault) fault = attempt.verdict(std::move(fault));
    response.failure = fault.failure;
    response.error = std::move(fault.error);
    ResponseParser& parsed = reader.response();
    if (parsed.hasHead()) {
        response.status = parsed.status();
        response.headers = parsed.takeHeaders();
        response.body = parsed.takeBody();
    }
    result.is_reusable = state == State::kDone && parsed.keepAlive() && !reader.hasSurplus() && !broken &&
                         !is_answered_early && !unsent;
    co_return result;
}

}  // namespace heddle::http
