// SPDX-License-Identifier: Apache-2.0
// Requests and responses as the rest of the server sees them: no Beast outward.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

[[nodiscard]] std::string_view toString(Method method);

using Header = std::pair<std::string, std::string>;

// Header fields in order; names compare without case.
struct Headers {
    std::vector<Header> fields;

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    void set(std::string_view name, std::string value);  // replaces
};

struct Request {
    Method method = Method::kGet;
    std::string target;  // as sent: path and query
    std::string path;    // percent-decoded, "/"-separated; what the router matched
    std::vector<std::pair<std::string, std::string>> query;   // decoded, in order
    std::vector<std::pair<std::string, std::string>> params;  // of the route: {thread_id} → value
    Headers headers;
    std::string body;
    std::vector<Header> logged;  // headers that the handler wants in the request's Exchange
    std::string request_id;      // made by us, or the client's own X-Request-Id when it is plain text

    // The first value of a query parameter.
    [[nodiscard]] std::optional<std::string_view> queryValue(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> queryValues(std::string_view name) const;
    // A parameter of the route; empty if there is none of that name.
    [[nodiscard]] std::string_view param(std::string_view name) const;
};

// Sends a chunked body while it is made. Lives on the loop thread, as long as the streaming coroutine.
class StreamWriter {
  public:
    virtual ~StreamWriter() = default;
    // Sends one chunk. False when the client has gone: stop. Returns when the socket has taken the bytes, so
    // a client that does not read makes this wait; cancel() ends the wait.
    virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
    // Called once, on the loop, as soon as the client is seen to have gone (see ClientEnd) or the connection
    // was broken by cancel() or a shutdown; also between writes, never after the streaming coroutine ended.
    virtual void onGone(std::function<void()> callback) = 0;
    [[nodiscard]] virtual bool gone() const = 0;
    // Breaks the connection; a waiting write() returns false.
    virtual void cancel() = 0;
};

using StreamBody = std::function<boost::asio::awaitable<void>(StreamWriter&)>;

// A client that sends no more (FIN) while its response streams has gone, or only half-closed and reads on:
// the two look alike until the next write. kGone: it has gone, noticed at once. kMayRead: it is written to
// until that fails.
enum class ClientEnd { kGone, kMayRead };

// `connection: close` is honoured; content-length, transfer-encoding, date, server and x-request-id are the
// server's.
struct Response {
    unsigned status = 200;
    Headers headers;
    std::string body;
    // When set, `body` is ignored: headers are sent, then this runs, then the body ends. The Request is gone
    // by then: capture what is needed by value. An exception breaks the connection, so that the client sees a
    // cut body.
    StreamBody stream;
    ClientEnd client_end = ClientEnd::kGone;  // while `stream` runs

    static Response json(unsigned status, std::string body);
    static Response noContent() { return Response{204, {}, {}, {}}; }
};

using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

}  // namespace heddle::http
