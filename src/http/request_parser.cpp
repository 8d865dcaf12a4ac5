// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include "http/target.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <optional>

namespace heddle::http {
namespace {

namespace bhttp = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

// Memory set aside for a body before its bytes are there.
constexpr std::uint64_t kBodyReserve = 1024 * 1024;

std::string_view toStd(BeastView view) {
    return {view.data(), view.size()};
}

Method toMethod(bhttp::verb verb) {
    switch (verb) {
        case bhttp::verb::get:
            return Method::kGet;
        case bhttp::verb::head:
            return Method::kHead;
        case bhttp::verb::post:
            return Method::kPost;
        case bhttp::verb::put:
            return Method::kPut;
        case bhttp::verb::patch:
            return Method::kPatch;
        case bhttp::verb::delete_:
            return Method::kDelete;
        case bhttp::verb::options:
            return Method::kOptions;
        default:
            return Method::kOther;
    }
}

}  // namespace

class RequestParser::Impl final : public bhttp::basic_parser<true> {
  public:
    Impl(Request& into, const RequestLimits& limits) : request_(into), limits_(limits) {
        header_limit(static_cast<std::uint32_t>(limits.header_bytes));
        body_limit(limits.body_bytes);
        eager(false);
    }

    ParseState feed(std::string_view& bytes) {
        while (!is_done()) {
            // Beast asserts five bytes when a last chunk is continued, and no message ends in fewer.
            if (waiting_ && is_header_done() && bytes.size() < 5) return ParseState::kNeedMore;
            if (bytes.empty()) return ParseState::kNeedMore;
            const bool had_header = is_header_done();
            error_code ec;
            const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
            bytes.remove_prefix(used);
            waiting_ = ec == bhttp::error::need_more;
            if (waiting_) {
                // Chunk extensions and trailers have no bound of their own in Beast.
                if (bytes.size() > limits_.header_bytes)
                    return refuse(431, "Request header fields too large");
                return ParseState::kNeedMore;
            }
            if (ec) return refuse(ec, bytes);
            if (!had_header && !is_done()) return ParseState::kHeaderDone;
        }
        return ParseState::kMessageDone;
    }

    [[nodiscard]] Refusal refusal() const {
        return refusal_.value_or(Refusal{400, "Malformed HTTP request"});
    }
    [[nodiscard]] bool isHttp10() const { return version_ == 10; }
    [[nodiscard]] bool expectsContinue() const { return expects_continue_; }

  private:
    ParseState refuse(unsigned status, std::string_view detail) {
        if (!refusal_) refusal_ = Refusal{status, detail};
        return ParseState::kRefused;
    }

    ParseState refuse(error_code ec, std::string_view bytes) {
        if (ec == bhttp::error::header_limit) {
            const bool is_in_fields = has_request_line_ || bytes.find("\r\n") != std::string_view::npos;
            return is_in_fields ? refuse(431, "Request header fields too large")
                                : refuse(414, "URI too long");
        }
        if (ec == bhttp::error::body_limit || ec == bhttp::error::buffer_overflow) {
            return refuse(413, "Request body too large");
        }
        return refuse(400, "Malformed HTTP request");
    }

    void fail(error_code& ec, unsigned status, std::string_view detail) {
        refuse(status, detail);
        ec = bhttp::error::bad_value;
    }

    void on_request_impl(bhttp::verb verb, BeastView, BeastView target, int version,
                         error_code& ec) override {
        has_request_line_ = true;
        version_ = version;
        request_.method = toMethod(verb);
        if (target.size() > limits_.target_bytes) return fail(ec, 414, "URI too long");
        request_.target = toStd(target);
        if (!parseTarget(request_)) fail(ec, 400, "Malformed request target");
    }

    void on_field_impl(bhttp::field field, BeastView name, BeastView value, error_code& ec) override {
        if (header_complete_) return;  // a trailer
        if (request_.headers.fields.size() >= limits_.header_fields) {
            return fail(ec, 431, "Too many request header fields");
        }
        if (field == bhttp::field::host) ++hosts_;
        if (field == bhttp::field::expect) {
            if (!boost::beast::iequals(value, "100-continue")) return fail(ec, 417, "Expectation failed");
            expects_continue_ = true;
        }
        // Beast calls a body chunked when "chunked" is the last of several codings: we decode no other.
        if (field == bhttp::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
            return fail(ec, 501, "Transfer coding not supported");
        }
        if (field == bhttp::field::transfer_encoding && version_ == 10) {
            return fail(ec, 400, "Malformed HTTP request");
        }
        if (value.find('\0') != BeastView::npos) return fail(ec, 400, "Malformed HTTP request");
        request_.headers.fields.emplace_back(toStd(name), toStd(value));
    }

    void on_header_impl(error_code& ec) override {
        header_complete_ = true;
        if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) fail(ec, 400, "Exactly one Host header is needed");
    }

    void on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code&) override {
        if (length) request_.body.reserve(static_cast<std::size_t>(std::min(*length, kBodyReserve)));
    }

    std::size_t on_body_impl(BeastView body, error_code&) override {
        request_.body.append(body.data(), body.size());
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
        request_.body.append(body.data(), body.size());
        return body.size();
    }

    void on_finish_impl(error_code&) override {}

    void on_response_impl(int, BeastView, int, error_code& ec) override { ec = bhttp::error::bad_version; }

    Request& request_;
    const RequestLimits& limits_;
    std::optional<Refusal> refusal_;
    int version_ = 11;
    int hosts_ = 0;
    bool has_request_line_ = false;
    bool header_complete_ = false;
    bool expects_continue_ = false;
    bool waiting_ = false;
};

RequestParser::RequestParser(Request& into, const RequestLimits& limits)
    : impl_(std::make_unique<Impl>(into, limits)) {}
RequestParser::~RequestParser() = default;

ParseState RequestParser::feed(std::string_view& bytes) {
    return impl_->feed(bytes);
}
RequestParser::Refusal RequestParser::refusal() const {
    return impl_->refusal();
}
bool RequestParser::keepAlive() const {
    return impl_->keep_alive();
}
bool RequestParser::isHttp10() const {
    return impl_->isHttp10();
}
bool RequestParser::expectsContinue() const {
    return impl_->expectsContinue();
}

}  // namespace heddle::http
