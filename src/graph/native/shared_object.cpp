// SPDX-License-Identifier: Apache-2.0
#include "graph/native/shared_object.hpp"

#include <elf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace heddle::graph {
namespace {

// The head of an ELF file up to what it was built for; the same in 32 and 64 bits.
struct Head {
    unsigned char ident[EI_NIDENT];
    std::uint16_t type;
    std::uint16_t machine;
};

std::optional<Head> headOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Head head{};
    if (!file.read(reinterpret_cast<char*>(&head), sizeof(head))) return std::nullopt;
    return head;
}

std::string nameOf(const Head& head) {
    switch (head.machine) {
        case EM_X86_64:
            return "x86_64";
        case EM_AARCH64:
            return "aarch64";
        case EM_386:
            return "32-bit x86";
        case EM_ARM:
            return "32-bit ARM";
        case EM_RISCV:
            return "RISC-V";
        default:
            return "another machine (ELF " + std::to_string(head.machine) + ")";
    }
}

}  // namespace

std::optional<std::string> sharedObjectFault(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return "does not exist: build it first";
    if (!std::filesystem::is_regular_file(status)) return "is not a file";
    const auto head = headOf(path);
    if (!head && !std::ifstream(path)) return "cannot be read: " + std::string(std::strerror(errno));
    if (!head || std::memcmp(head->ident, ELFMAG, SELFMAG) != 0) return "is not a shared library";
    const auto own = headOf("/proc/self/exe");
    if (own && (head->machine != own->machine || head->ident[EI_CLASS] != own->ident[EI_CLASS] ||
                head->ident[EI_DATA] != own->ident[EI_DATA])) {
        return "was built for " + nameOf(*head) + ", this server runs on " + nameOf(*own) +
               ": build it on this machine";
    }
    if (head->type != ET_DYN) return "is not a shared library: link it with -shared";
    return std::nullopt;
}

}  // namespace heddle::graph
