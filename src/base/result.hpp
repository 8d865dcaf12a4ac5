// SPDX-License-Identifier: Apache-2.0
// Problem and Result: what input can cause is a Result; a bug or a lost disk is an exception.
#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace heddle {

// Why an operation was refused. api/ has the only map from kinds to HTTP statuses.
enum class ProblemKind {
    kBadRequest,   // 400: understood, but cannot be done as asked
    kForbidden,    // 403
    kNotFound,     // 404
    kConflict,     // 409
    kTooLarge,     // 413
    kInvalid,      // 422: the input breaks a rule; `detail` names the field
    kUnavailable,  // 503: overload or shutdown; the client may try again
};

// A refusal that a client may see: `detail` never holds secrets, payloads or query strings.
struct Problem {
    ProblemKind kind = ProblemKind::kInvalid;
    std::string detail;

    static Problem badRequest(std::string detail) { return {ProblemKind::kBadRequest, std::move(detail)}; }
    static Problem forbidden(std::string detail) { return {ProblemKind::kForbidden, std::move(detail)}; }
    static Problem notFound(std::string detail) { return {ProblemKind::kNotFound, std::move(detail)}; }
    static Problem conflict(std::string detail) { return {ProblemKind::kConflict, std::move(detail)}; }
    static Problem tooLarge(std::string detail) { return {ProblemKind::kTooLarge, std::move(detail)}; }
    static Problem invalid(std::string detail) { return {ProblemKind::kInvalid, std::move(detail)}; }
    static Problem unavailable(std::string detail) { return {ProblemKind::kUnavailable, std::move(detail)}; }

    friend bool operator==(const Problem&, const Problem&) = default;
};

// Called by Result::value() on a refusal nobody looked at: a bug, so it throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const Problem& problem, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Problem>;

}  // namespace heddle
