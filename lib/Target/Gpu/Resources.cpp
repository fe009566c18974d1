//===- Resources.cpp - what kernels take of a chip ----------------------------------------------------------------===//
#include "Resources.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

namespace moe {

/// The number that stands in front of, or behind, a text in a line; 0 where the text is not there.
static int64_t numberBefore(StringRef line, StringRef text) {
  size_t at = line.find(text);
  int64_t number = 0;
  if (at != StringRef::npos)
    line.take_front(at).rtrim().rsplit(' ').second.getAsInteger(10, number);
  return number;
}
static int64_t numberBehind(StringRef line, StringRef text) {
  int64_t number = 0;
  line.split(text).second.trim().getAsInteger(10, number);
  return number;
}

ResourceReport readPtxasReport(StringRef log, StringRef ptx) {
  ResourceReport report;
  KernelResources *kernel = nullptr;
  for (StringRef line : llvm::split(log, '\n')) {
    if (line.contains("Compiling entry function '"))
      kernel = &report[line.split('\'').second.split('\'').first.str()];
    else if (kernel && line.contains("spill stores"))
      kernel->spills = numberBefore(line, " bytes spill stores") + numberBefore(line, " bytes spill loads");
    else if (kernel && line.contains("registers")) {
      kernel->registers = numberBefore(line, " registers");
      kernel->shared = numberBefore(line, " bytes smem");
    }
  }
  for (StringRef part : llvm::drop_begin(llvm::split(ptx, ".visible .entry "))) {
    auto known = report.find(part.take_until([](char c) { return c == '('; }).str());
    if (known != report.end())
      known->second.matrixInstructions = int64_t(part.count("mma.sync"));
  }
  return report;
}

ResourceReport readAmdReport(StringRef assembly) {
  ResourceReport report;
  // Code comes first: a kernel begins at its label and ends where its descriptor begins.
  std::map<std::string, int64_t> products;
  std::string function;
  KernelResources current;
  for (StringRef line : llvm::split(assembly, '\n')) {
    StringRef text = line.trim();
    if (line.ends_with(":") && !line.starts_with(".") && !line.starts_with(" "))
      function = line.drop_back().str();
    else if (text.contains("; @"))
      function = text.split(':').first.str();
    if (text.starts_with("v_mfma_"))
      ++products[function];
    if (text.starts_with("- .agpr_count:")) // a kernel's metadata begins, in alphabetical order
      current = {};
    if (text.starts_with(".group_segment_fixed_size:"))
      current.shared = numberBehind(text, ":");
    if (text.starts_with(".sgpr_spill_count:") || text.starts_with(".vgpr_spill_count:"))
      current.spills += numberBehind(text, ":");
    if (text.starts_with(".vgpr_count:"))
      current.registers = numberBehind(text, ":");
    if (text.starts_with(".symbol:"))
      function = text.split(':').second.trim().trim('\'').split('.').first.str();
    if (text.starts_with(".wavefront_size:")) { // and ends
      current.matrixInstructions = products[function];
      report[function] = current;
    }
  }
  return report;
}

void print(const ResourceReport &report, StringRef target, llvm::raw_ostream &out) {
  for (const auto &[name, kernel] : report)
    out << target << " " << name << ": " << kernel.registers << " registers, " << kernel.spills << " spills, " << kernel.shared << " bytes shared, "
        << kernel.matrixInstructions << " matrix instructions\n";
}

} // namespace moe
