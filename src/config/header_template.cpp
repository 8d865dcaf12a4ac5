// SPDX-License-Identifier: Apache-2.0
#include "config/header_template.hpp"

#include "base/text.hpp"
#include "config/env_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace heddle::config {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kEnv = "env.";

// They frame the message or say whom it is for (RFC 9110, 9112); what is ours is checked by receivers.
constexpr std::array<std::string_view, 13> kServers = {
    "host",       "content-length",    "content-type",      "connection", "transfer-encoding",
    "te",         "trailer",           "upgrade",           "expect",     "keep-alive",
    "webhook-id", "webhook-timestamp", "webhook-signature",
};
constexpr std::string_view kProxys = "proxy-";

bool isLetterOrDigit(char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
}

bool fitsHeader(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte < 0x7F);
}

std::string_view faultOf(char c) {
    return static_cast<unsigned char>(c) >= 0x80 ? "a character that is not ASCII"
                                                 : "a line break or another control character";
}

class Template {
  public:
    Template(std::string_view text, std::string_view prefix, const Variables& variables)
        : text_(text), prefix_(prefix), variables_(variables) {}

    Resolved resolve() {
        while (at_ < text_.size()) {
            const auto open = std::min(text_.find(kOpen, at_), text_.size());
            takeLiteral(open);
            if (open < text_.size()) takeTemplate();
        }
        return std::move(out_);
    }

  private:
    void problem(std::size_t at, std::string_view why) {
        const auto before = text_.substr(0, at);
        const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
        });
        out_.problems.push_back("character " + std::to_string(characters + 1) + ": " + std::string(why));
    }

    void takeLiteral(std::size_t end) {
        const auto literal = text_.substr(at_, end - at_);
        const auto bad = std::find_if_not(literal.begin(), literal.end(), fitsHeader);
        if (bad != literal.end())
            problem(at_ + static_cast<std::size_t>(bad - literal.begin()), faultOf(*bad));
        out_.value += literal;
        at_ = end;
    }

    // From "${{" on.
    void takeTemplate() {
        const auto close = text_.find(kClose, at_ + kOpen.size());
        if (close == std::string_view::npos) {
            problem(at_, "the template that begins here is never closed with }}");
            at_ = text_.size();
            return;
        }
        at_ += kOpen.size();
        skipBlanks();
        auto name = std::string_view();
        bool whole = text_.substr(at_).starts_with(kEnv);
        if (whole) {
            at_ += kEnv.size();
            name = takeName();
            whole = isVariableName(name);
            if (!whole) at_ -= name.size();
        }
        if (whole) skipBlanks();
        if (whole && at_ == close) {
            addVariable(name);
        } else {
            problem(at_, "a template must be ${{ env.NAME }}");
        }
        at_ = close + kClose.size();
    }

    void skipBlanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }

    std::string_view takeName() {
        const auto start = at_;
        while (at_ < text_.size() && (isLetterOrDigit(text_[at_]) || text_[at_] == '_')) ++at_;
        return text_.substr(start, at_ - start);
    }

    void addVariable(std::string_view view) {
        const std::string name(view);
        if (!view.starts_with(prefix_)) {
            out_.problems.push_back("may only name variables that start with " + std::string(prefix_) +
                                    " (webhooks.env_prefix), not " + name);
            return;
        }
        const auto value = variables_(view);
        if (!value || value->empty()) {
            out_.problems.push_back("the environment variable " + name +
                                    (value ? " is empty" : " is not set") + "; set it, or name it in env");
            return;
        }
        const auto bad = std::find_if_not(value->begin(), value->end(), fitsHeader);
        if (bad != value->end()) {
            out_.problems.push_back("the environment variable " + name + " has " +
                                    std::string(faultOf(*bad)));
        }
        out_.value += *value;
    }

    std::string_view text_;
    std::string_view prefix_;
    const Variables& variables_;
    std::size_t at_ = 0;
    Resolved out_;
};

}  // namespace

Resolved resolveTemplates(std::string_view text, std::string_view prefix, const Variables& variables) {
    return Template(text, prefix, variables).resolve();
}

std::optional<std::string> headerNameProblem(std::string_view name) {
    if (!isToken(name)) return "not a header name";
    const std::string small = lowerCase(name);
    if (std::find(kServers.begin(), kServers.end(), small) != kServers.end()) {
        return "this header is set by the server";
    }
    if (small.starts_with(kProxys)) return "headers for proxies cannot be configured; see webhooks.proxy";
    return std::nullopt;
}

}  // namespace heddle::config
