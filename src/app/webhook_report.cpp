// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_report.hpp"

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "webhook/signature.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace heddle::app {
namespace {

constexpr std::size_t kMostLines = 40;
constexpr std::size_t kMostLine = 200;         // bytes of one line
constexpr std::int64_t kTolerance_s = 5 * 60;  // what the libraries of Standard Webhooks allow

// Control characters (also those of Latin-1) and broken UTF-8 as \xNN; cut to `most` bytes or a little more.
std::string printable(std::string_view text, std::size_t most = kMostLine) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (out.size() >= most) return out + "…";
        const std::size_t width = utf8::sequence(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool latin_control =
            width == 2 && byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (width == 0 || byte < 0x20 || byte == 0x7F || latin_control) {
            out += fmt::format("\\x{:02x}", byte);
            ++i;
            continue;
        }
        out += text.substr(i, width);
        i += width;
    }
    return out;
}

// Indented JSON, numbers and strings as they came. Stops after kMostLines.
class Pretty {
  public:
    static std::string of(JsonView value) {
        Pretty pretty;
        pretty.write(value, 4);
        if (pretty.lines_ >= kMostLines) pretty.out_ += "\n    …";
        return std::move(pretty.out_);
    }

  private:
    bool breakLine(std::size_t indent) {
        if (++lines_ >= kMostLines) return false;
        out_.append(1, '\n').append(indent, ' ');
        return true;
    }

    void write(JsonView value, std::size_t indent) {
        const auto fields = value.fields();
        const auto elements = value.elements();
        if (fields.empty() && elements.empty()) {
            out_ += printable(value.text());
            return;
        }
        out_ += value.isObject() ? '{' : '[';
        bool first = true;
        const auto begin = [&] {
            if (!first) out_ += ',';
            first = false;
            return breakLine(indent + 2);
        };
        for (const auto& field : fields) {
            if (!begin()) return;
            out_ += printable(field.key_text) + ": ";
            write(field.value, indent + 2);
            if (lines_ >= kMostLines) return;
        }
        for (const auto& element : elements) {
            if (!begin()) return;
            write(element, indent + 2);
            if (lines_ >= kMostLines) return;
        }
        if (breakLine(indent)) out_ += value.isObject() ? '}' : ']';
    }

    std::string out_;
    std::size_t lines_ = 0;
};

std::string signatureLine(const http::Request& request, const std::vector<Secret>& keys, Timestamp now) {
    const auto signature = request.headers.get("webhook-signature");
    if (!signature) return "none";
    if (keys.empty()) return "not checked: no --secret was given";
    const auto stamp = request.headers.get("webhook-timestamp").value_or("");
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds);
    if (error != std::errc{} || end != stamp.data() + stamp.size())
        return "bad: webhook-timestamp is not a number";
    const auto id = request.headers.get("webhook-id").value_or("");
    if (!webhook::verifySignature(keys, id, seconds, request.body, *signature)) {
        return "bad: made with another secret, or the request was changed";
    }
    const auto off_s = now.micros() / 1'000'000 - seconds;
    return std::abs(off_s) <= kTolerance_s ? "ok" : fmt::format("bad: right, but {} s old", off_s);
}

std::string errorText(JsonView error) {
    const auto type = error.get("error"), message = error.get("message");
    if (!type || !message) return printable(error.text());
    return printable(type->string().value_or("")) + ": " + printable(message->string().value_or(""));
}

void writeBody(std::string& out, const std::string& body) {
    const auto json = RawJson::parse(body);
    if (!json || !json->view().isObject()) {
        out +=
            fmt::format("  body        {} bytes, {}\n", body.size(), json ? "not a JSON object" : "not JSON");
        return;
    }
    for (const auto* name : {"run_id", "thread_id", "status"}) {
        const auto value = json->view().get(name);
        if (value) out += fmt::format("  {:<11} {}\n", name, printable(value->string().value_or("")));
    }
    if (const auto error = json->view().given("error")) {
        out += fmt::format("  error       {}\n", errorText(*error));
    }
    if (const auto values = json->view().get("values")) {
        out += fmt::format("  values      ({} bytes)\n    {}\n", values->text().size(), Pretty::of(*values));
    }
}

}  // namespace

std::size_t SeenIds::count(const std::string& id) {
    const auto [place, added] = times_.try_emplace(id, 0);
    const std::size_t before = place->second++;
    if (!added) return before;
    order_.push_back(id);
    if (order_.size() > limits::kListenIds) {
        times_.erase(order_.front());
        order_.pop_front();
    }
    return before;
}

std::string reportWebhook(const http::Request& request, const std::vector<Secret>& keys, std::size_t before,
                          Timestamp now) {
    const std::string_view target = request.target;
    const auto query = target.find('?');
    std::string out =
        fmt::format("\n{}  {} {}{}\n", now.iso(), http::toString(request.method),
                    printable(target.substr(0, query)), query == std::string_view::npos ? "" : "?…");
    const auto id = request.headers.get("webhook-id");
    out += fmt::format("  webhook-id  {}", id ? printable(*id) : "none");
    if (before > 0) out += fmt::format("  (came {} {} before)", before, before == 1 ? "time" : "times");
    out += fmt::format("\n  signature   {}\n", signatureLine(request, keys, now));
    writeBody(out, request.body);
    return out;
}

}  // namespace heddle::app
