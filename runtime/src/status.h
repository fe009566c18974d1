//===- status.h - success, or why not ---------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/moert.h"
#include <memory>
#include <string>
#include <utility>

/// What the C API hands out.
struct moert_status {
  moert_code code;
  std::string message;
};

namespace moert {

/// Success, or a code and a message. Converts to true where it is a failure, so that `if (Status s = f()) return s;` hands it on.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(moert_code code, std::string message) : failure(new moert_status{code, std::move(message)}) {}
  explicit operator bool() const { return failure != nullptr; }
  const std::string &message() const { return failure->message; }
  moert_code code() const { return failure ? failure->code : MOERT_OK; }
  /// The failure as the C API's object, owned by the caller; null for success.
  moert_status *release() { return failure.release(); }

private:
  std::unique_ptr<moert_status> failure;
};

/// Text from parts: `text("axis ", 3)`.
template <typename... Parts> std::string text(const Parts &...parts) {
  std::string result;
  auto add = [&](const auto &part) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>)
      result += std::to_string(part);
    else
      result += part;
  };
  (add(parts), ...);
  return result;
}

template <typename... Parts> Status fail(moert_code code, const Parts &...parts) { return Status(code, text(parts...)); }

} // namespace moert
