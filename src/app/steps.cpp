// SPDX-License-Identifier: Apache-2.0
#include "app/steps.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace heddle::app {
namespace {

constexpr microseconds kRepeat = std::chrono::seconds(10);
constexpr std::size_t kDetail = 60;  // bytes of it that are shown

}  // namespace

Step::Step(std::string title)
    : title_(std::move(title)),
      begun_(clock_.steady()),
      told_(begun_),
      terminal_(::isatty(STDERR_FILENO) == 1) {
    if (terminal_) {
        rewrite("");
    } else {
        fmt::print(stderr, "{} ...\n", title_);
    }
}

Step::~Step() {
    if (!open_) return;
    if (terminal_) rewrite("failed after " + took() + "\n");
    if (!terminal_) fmt::print(stderr, "{}: failed after {}\n", title_, took());
}

void Step::detail(std::string_view text) {
    detail_.clear();
    for (const char c : text.substr(0, kDetail)) detail_ += c >= ' ' && c <= '~' ? c : ' ';
}

void Step::tick() {
    if (terminal_) return rewrite(took() + (detail_.empty() ? "" : "  " + detail_));
    if (clock_.steady() - told_ < kRepeat) return;
    told_ = clock_.steady();
    fmt::print(stderr, "{} ... {}{}\n", title_, took(), detail_.empty() ? "" : ", " + detail_);
}

void Step::done() {
    open_ = false;
    if (terminal_) return rewrite(took() + "\n");
    fmt::print(stderr, "{}: done in {}\n", title_, took());
}

void Step::rewrite(std::string_view end) {
    fmt::print(stderr, "\r\x1b[K{} ... {}", title_, end);
    std::fflush(stderr);
}

std::string Step::took() const {
    return fmt::format("{:.1f} s", static_cast<double>((clock_.steady() - begun_).count()) / 1e6);
}

}  // namespace heddle::app
