// SPDX-License-Identifier: Apache-2.0
// `webhooks`: headers, destinations, retries.
#include "base/limits.hpp"
#include "config/env_file.hpp"
#include "config/header_template.hpp"
#include "config/host_rules.hpp"
#include "config/loading.hpp"

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

constexpr std::int64_t kLongestPause = 7 * 24 * 3600;
constexpr std::size_t kMostRetries = 50;

void readDomains(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        const auto text = element.text();
        if (!text) continue;
        if (*text == "*") {
            element.problem("leave allowed_domains out to allow every host");
            continue;
        }
        auto host = hostPattern(*text);
        if (host) {
            settings.allowed_domains.push_back(*std::move(host));
        } else {
            element.problem("expected a host: " + host.error().detail);
        }
    }
}

void readPorts(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        if (const auto port = element.integer(1, 65'535)) {
            settings.allowed_ports.push_back(static_cast<std::uint16_t>(*port));
        }
    }
}

void readNetworks(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        auto text = element.text();
        if (!text) continue;
        if (const auto wrong = networkProblem(*text)) element.problem(*wrong);
        settings.allowed_networks.push_back(*std::move(text));
    }
}

void readLength(const Field& field, WebhookSettings& settings) {
    const auto length = field.integer(1, static_cast<std::int64_t>(limits::kWebhookUrlChars));
    if (length) settings.max_url_length = static_cast<std::size_t>(*length);
}

constexpr std::array<Key<WebhookSettings>, 6> kUrlKeys{{
    {"allowed_domains", readDomains},
    {"allowed_ports", readPorts},
    {"allowed_networks", readNetworks},
    {"max_url_length", readLength},
    {"require_https",
     [](const Field& field, WebhookSettings& settings) { field.into(settings.require_https); }},
    {"disable_loopback",
     [](const Field& field, WebhookSettings& settings) { field.into(settings.disable_loopback); }},
}};

void readSchedule(const Field& field, WebhookSettings& settings) {
    settings.retry_schedule_s.clear();
    for (const auto& element : field.elements()) {
        if (const auto pause = element.integer(0, kLongestPause)) settings.retry_schedule_s.push_back(*pause);
    }
    if (settings.retry_schedule_s.size() > kMostRetries) {
        field.problem("at most " + std::to_string(kMostRetries) + " retries");
    }
}

constexpr std::array<Key<WebhookSettings>, 1> kRetryKeys{{{"schedule", readSchedule}}};

bool sameName(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        };
        return lower(x) == lower(y);
    });
}

// The prefix that header templates must respect; the block may name it after the headers.
struct Hooks {
    Loading& loading;
    std::string env_prefix = "LG_WEBHOOK_";
};

void readPrefix(const Field& field, Hooks& hooks) {
    const auto prefix = field.text();
    if (!prefix) return;
    if (!isVariableName(*prefix)) field.problem("must be the start of a variable's name");
    hooks.env_prefix = *prefix;
}

void readHeader(const Field& field, const std::string& name, Hooks& hooks) {
    const auto text = field.value.string();
    if (!text) {
        field.wrongType("a string");
        return;
    }
    if (const auto wrong = headerNameProblem(name)) field.problem(*wrong);
    auto& headers = hooks.loading.config.webhook_headers;
    for (const auto& [known, value] : headers) {
        if (sameName(known, name)) field.problem("given twice: header names do not differ by case");
    }
    const auto variables = [&](std::string_view variable) -> std::optional<std::string> {
        if (auto found = hooks.loading.variable(variable)) return found;
        for (const auto& [known, value] : hooks.loading.config.env) {
            if (known == variable) return value.reveal();
        }
        return std::nullopt;
    };
    auto resolved = resolveHeader(*text, hooks.env_prefix, variables);
    for (auto& wrong : resolved.problems) field.problem(std::move(wrong));
    headers.emplace_back(name, Secret(std::move(resolved.value)));
}

void readHeaders(const Field& field, Hooks& hooks) {
    const auto fields = field.value.fields();
    const auto members = field.members();
    for (std::size_t i = 0; i < members.size(); ++i) readHeader(members[i], fields[i].key, hooks);
}

constexpr std::array<Key<Hooks>, 5> kKeys{{
    {"env_prefix", [](const Field&, Hooks&) {}},  // read before the others
    {"headers", readHeaders},
    {"url",
     [](const Field& field, Hooks& hooks) {
         readBlock<WebhookSettings>(field, kUrlKeys, {}, hooks.loading.config.webhooks);
     }},
    {"stateless_values",
     [](const Field& field, Hooks& hooks) { field.into(hooks.loading.config.webhooks.stateless_values); }},
    {"retry",
     [](const Field& field, Hooks& hooks) {
         readBlock<WebhookSettings>(field, kRetryKeys, {}, hooks.loading.config.webhooks);
     }},
}};

constexpr std::array<OtherKey, 2> kOthers{{
    {"secrets"},
    {"allowed_fields", Finding::Severity::kWarning, "not supported yet: webhooks carry every field"},
}};

}  // namespace

void readWebhooks(const Field& field, Loading& loading) {
    Hooks hooks{loading};
    const auto prefix = field.value.get("env_prefix");
    if (prefix && !prefix->isNull())
        readPrefix(Field{field.key + ".env_prefix", *prefix, field.findings}, hooks);
    readBlock<Hooks>(field, kKeys, kOthers, hooks);
}

}  // namespace heddle::config
