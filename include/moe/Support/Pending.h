//===- Pending.h - files and folders that are whole or not there --------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>
#include <system_error>

namespace moe {

/// A file or folder that is made beside its final name, and is removed again unless it is committed.
class Pending {
public:
  explicit Pending(llvm::StringRef target);
  ~Pending();
  Pending(const Pending &) = delete;

  const std::string &target() const { return final; }
  /// Where it is made.
  const std::string &path() const { return work; }
  /// Makes an empty folder there.
  std::error_code createFolder();
  std::string file(llvm::StringRef name) const { return work + "/" + name.str(); }

  /// Syncs it with all its files and gives it its name; what had the name before is removed.
  std::error_code commit();

private:
  std::string final, work;
};

} // namespace moe
