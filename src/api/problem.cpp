// SPDX-License-Identifier: Apache-2.0
#include "api/problem.hpp"

#include "base/json.hpp"

namespace heddle::api {
namespace {

unsigned statusOf(ProblemKind kind) {
    switch (kind) {
        case ProblemKind::kBadRequest:
            return 400;
        case ProblemKind::kForbidden:
            return 403;
        case ProblemKind::kNotFound:
            return 404;
        case ProblemKind::kConflict:
            return 409;
        case ProblemKind::kTooLarge:
            return 413;
        case ProblemKind::kInvalid:
            return 422;
        case ProblemKind::kUnavailable:
            return 503;
    }
    return 500;
}

}  // namespace

http::Response detailResponse(unsigned status, std::string_view detail) {
    JsonWriter writer;
    writer.beginObject().key("detail").string(detail).endObject();
    return http::Response::json(status, writer.take());
}

http::Response problemResponse(const Problem& problem) {
    http::Response response = detailResponse(statusOf(problem.kind), problem.detail);
    if (problem.kind == ProblemKind::kUnavailable) response.headers.set("retry-after", "1");
    return response;
}

}  // namespace heddle::api
