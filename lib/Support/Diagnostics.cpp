//===- Diagnostics.cpp - what users read of errors --------------------------------------------------------------===//
#include "moe/Support/Diagnostics.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace moe {
namespace {

/// What a location knows: the file with a line where there is one, and the names of nodes, innermost first.
struct Place {
  std::string file;
  SmallVector<StringRef> names;

  explicit Place(Location location) { visit(location); }

  void visit(Location location) {
    if (auto at = dyn_cast<FileLineColLoc>(location)) {
      file = at.getFilename().str();
      if (at.getLine())
        file += ":" + std::to_string(at.getLine()) + ":" + std::to_string(at.getColumn());
    } else if (auto named = dyn_cast<NameLoc>(location)) {
      names.push_back(named.getName());
      visit(named.getChildLoc());
    } else if (auto call = dyn_cast<CallSiteLoc>(location)) {
      visit(call.getCallee());
    } else if (auto fused = dyn_cast<FusedLoc>(location)) {
      for (Location part : fused.getLocations())
        if (file.empty())
          visit(part);
    }
  }

  /// "'node' (in 'outer'): ", or nothing.
  std::string name() const {
    if (names.empty())
      return "";
    std::string text = ("'" + names.front() + "'").str();
    if (names.size() > 1 && names.back() != names.front())
      text += (" (in '" + names.back() + "')").str();
    return text + ": ";
  }
};

StringRef severity(DiagnosticSeverity value) {
  switch (value) {
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("all severities are listed");
}

} // namespace

std::string formatDiagnostic(const Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream out(text);
  Place place(diagnostic.getLocation());
  if (!place.file.empty())
    out << place.file << ": ";
  out << severity(diagnostic.getSeverity()) << ": " << place.name() << diagnostic << "\n";
  for (const Diagnostic &note : diagnostic.getNotes())
    out << formatDiagnostic(note);
  return text;
}

} // namespace moe
