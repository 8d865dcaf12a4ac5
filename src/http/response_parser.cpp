// SPDX-License-Identifier: Apache-2.0
#include "http/response_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>

namespace heddle::http {
namespace {

namespace bhttp = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view toStd(BeastView view) {
    return {view.data(), view.size()};
}

}  // namespace

class ResponseParser::Impl final : public bhttp::basic_parser<false> {
  public:
    Impl(std::size_t head_max, std::size_t body_max) : head_max_(head_max), body_max_(body_max) {
        header_limit(static_cast<std::uint32_t>(head_max));
        body_limit(boost::none);  // kBodyFull is the bound
        eager(false);
    }

    State feed(std::string_view& bytes) {
        if (!has_start_ && !start(bytes)) return State::kNeedMore;
        while (!is_done()) {
            // Beast asserts five bytes when a last chunk is continued, and no message ends in fewer.
            if (waiting_ && is_header_done() && bytes.size() < 5) return State::kNeedMore;
            if (bytes.empty()) return State::kNeedMore;
            error_code ec;
            const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
            bytes.remove_prefix(used);
            waiting_ = ec == bhttp::error::need_more;
            if (waiting_) return bytes.size() > head_max_ ? State::kMalformed : State::kNeedMore;
            if (is_full_) return State::kBodyFull;
            if (ec) return State::kMalformed;
        }
        return status_ < 200 ? State::kInformation : State::kDone;
    }

    State finish() {
        if (!got_some()) return State::kNeedMore;
        error_code ec;
        if (!is_done()) put_eof(ec);
        return ec ? State::kNeedMore : State::kDone;
    }

    [[nodiscard]] unsigned status() const { return status_; }

    Headers headers;
    std::string body;

  private:
    // Many servers leave out the space before an empty reason ("HTTP/1.1 200\r\n"), which Beast insists on.
    bool start(std::string_view& bytes) {
        constexpr std::size_t kCode = 12;  // "HTTP/1.1 200"
        if (bytes.size() < kCode + 2) return false;
        has_start_ = true;
        if (bytes.substr(kCode, 2) != "\r\n") return true;
        const std::string line = std::string(bytes.substr(0, kCode)) + " \r\n";
        error_code ec;
        put(boost::asio::const_buffer(line.data(), line.size()), ec);
        if (ec == bhttp::error::need_more) bytes.remove_prefix(kCode + 2);
        return true;
    }

    std::size_t append(BeastView data) {
        const auto room = body_max_ - std::min(body_max_, body.size());
        is_full_ = data.size() > room;
        body.append(data.data(), std::min(data.size(), room));
        return data.size();
    }

    void on_response_impl(int status, BeastView, int, error_code& ec) override {
        status_ = static_cast<unsigned>(status);
        // Nothing that we send asks for another protocol.
        if (status < 100 || status == 101) ec = bhttp::error::bad_status;
    }

    void on_field_impl(bhttp::field field, BeastView name, BeastView value, error_code& ec) override {
        if (is_header_done()) return;  // a trailer
        if (field == bhttp::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
            ec = bhttp::error::bad_transfer_encoding;
            return;
        }
        headers.fields.emplace_back(toStd(name), toStd(value));
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(BeastView data, error_code&) override { return append(data); }
    void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView data, error_code&) override {
        return append(data);
    }
    void on_finish_impl(error_code&) override {}
    void on_request_impl(bhttp::verb, BeastView, BeastView, int, error_code& ec) override {
        ec = bhttp::error::bad_version;
    }

    std::size_t head_max_;
    std::size_t body_max_;
    unsigned status_ = 0;
    bool has_start_ = false;
    bool is_full_ = false;
    bool waiting_ = false;
};

ResponseParser::ResponseParser(std::size_t head_max, std::size_t body_max)
    : impl_(std::make_unique<Impl>(head_max, body_max)) {}
ResponseParser::~ResponseParser() = default;

ResponseParser::State ResponseParser::feed(std::string_view& bytes) {
    return impl_->feed(bytes);
}
ResponseParser::State ResponseParser::finish() {
    return impl_->finish();
}
bool ResponseParser::hasHead() const {
    return impl_->is_header_done() && impl_->status() >= 200;
}
bool ResponseParser::keepAlive() const {
    return impl_->keep_alive();
}
unsigned ResponseParser::status() const {
    return impl_->status();
}
Headers ResponseParser::takeHeaders() {
    return std::move(impl_->headers);
}
std::string ResponseParser::takeBody() {
    return std::move(impl_->body);
}

}  // namespace heddle::http
