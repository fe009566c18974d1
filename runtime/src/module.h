//===- module.h - a loaded artefact --------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "file.h"
#include "manifest.h"
#include "moert/abi.h"
#include "signature.h"
#include <map>
#include <memory>
#include <vector>

namespace moert {

/// Code of a target, loaded. Each load has its own copy of the code's variables.
class Code {
public:
  Code() = default;
  Code(const Code &) = delete;
  ~Code();

  /// Loads what was verified: `bytes` are copied to memory of their own before they are linked in, so that nothing can change them.
  Status load(std::string_view bytes, const std::string &name);
  void *symbol(const std::string &name) const;

private:
  Descriptor memory;
  void *handle = nullptr;
};

class Module {
public:
  static Status load(const std::string &path, const moert_module_options &options, std::shared_ptr<Module> &module);

  /// An entry as the C API and a session need it.
  struct LoadedEntry {
    LoadedEntry(const Entry &entry, const std::vector<StateInfo> &states) : rules(entry, states) {}
    Signature rules;
    moert_entry code = nullptr;
    std::vector<moert_value_info> inputs, outputs;
  };

  Manifest manifest;
  std::vector<std::unique_ptr<LoadedEntry>> entries; ///< in the manifest's order
  std::vector<moert_value_info> states;              ///< in the manifest's order
  std::vector<void *> params;                        ///< addresses, in the target's order
  const Target *target = nullptr;
  std::string isa;
  int64_t weightBytes = 0;

private:
  Status openFiles(const std::string &path);
  Status chooseTarget(const moert_module_options &options);
  Status loadCode();
  void describeEntries();

public:
  /// The target's device code, whose bytes live as long as the module. Only where it has some.
  std::string_view deviceCode() const { return files.at(target->deviceCode).bytes(); }

private:
  std::map<std::string, MappedFile> files;
  Code code;
  int32_t isaLevel = 0;
  std::vector<std::vector<const char *>> expressionTexts; ///< backs moert_value_info.expressions
};

} // namespace moert

struct moert_module {
  std::shared_ptr<moert::Module> module;
};
