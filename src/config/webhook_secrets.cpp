// SPDX-License-Identifier: Apache-2.0
// `webhooks.secrets`: texts, templates and files. Files are read at every load, so that a reload sees new
// ones.
#include "base/limits.hpp"
#include "config/webhook_blocks.hpp"
#include "domain/webhook_secret.hpp"

#include <algorithm>
#include <string_view>

namespace heddle::config {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

void addSecret(const Field& field, std::string_view text, const std::string& place, Hooks& hooks) {
    auto key = parseWebhookSecret(text);
    if (!key) {
        field.problem(place + key.error().detail);
        return;
    }
    auto& secrets = hooks.loading.config.webhook_secrets;
    const bool known = std::any_of(secrets.begin(), secrets.end(),
                                   [&](const Secret& other) { return other.reveal() == key->reveal(); });
    if (known) {
        field.warning(place + "given twice: it signs once");
    } else {
        secrets.push_back(*std::move(key));
    }
}

// One secret a line; empty lines do not count.
void readSecretFile(const Field& field, const std::string& path, Hooks& hooks) {
    const auto text = readFile(path);
    if (!text) {
        field.problem("the file cannot be read: " + path);
        return;
    }
    std::string_view rest = trimmed(*text);
    if (rest.empty()) field.problem("the file is empty: " + path);
    for (int line = 1; !rest.empty(); ++line) {
        const auto whole = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
        const auto secret = trimmed(whole);
        if (!secret.empty()) addSecret(field, secret, path + " line " + std::to_string(line) + ": ", hooks);
    }
}

void readSecret(const Field& field, Hooks& hooks) {
    const auto given = field.value.string();
    if (given && given->starts_with(kFile)) {
        const auto name = given->substr(kFile.size());
        if (name.empty() || name.find('\0') != std::string::npos) {
            field.problem("expected \"file:PATH\"");
        } else {
            readSecretFile(field, hooks.path(name), hooks);
        }
    } else if (const auto text = hooks.resolved(field)) {
        addSecret(field, *text, "", hooks);
    }
}

}  // namespace

void readWebhookSecrets(const Field& field, Hooks& hooks) {
    for (const auto& element : field.elements()) readSecret(element, hooks);
    if (hooks.loading.config.webhook_secrets.size() > limits::kWebhookSecrets) {
        field.problem("at most " + std::to_string(limits::kWebhookSecrets) + " secrets");
    }
}

}  // namespace heddle::config
