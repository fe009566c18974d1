//===- Failure.h - why the tool ends early ---------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/moert.h"
#include <memory>
#include <stdexcept>
#include <string>

namespace moerun {

/// Exit codes of all of the project's tools.
enum class Exit { Done = 0, Usage = 1, Invalid = 2, System = 3, Bug = 70 };

/// Thrown by everything in this folder; main prints it.
class Failure : public std::runtime_error {
public:
  Failure(Exit exit, const std::string &message) : std::runtime_error(message), exit(exit) {}
  const Exit exit;
};

/// Throws where the runtime reports a failure.
inline void check(moert_status *status) {
  if (!status)
    return;
  std::unique_ptr<moert_status, decltype(&moert_status_free)> owned(status, moert_status_free);
  moert_code code = moert_status_code(status);
  Exit exit = code == MOERT_INTERNAL ? Exit::Bug : code == MOERT_IO || code == MOERT_OUT_OF_MEMORY ? Exit::System : Exit::Invalid;
  throw Failure(exit, moert_status_message(status));
}

} // namespace moerun
