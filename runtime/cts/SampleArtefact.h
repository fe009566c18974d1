//===- SampleArtefact.h - an artefact around sample_code.c ------------------------------------------------*- C++ -*-===//
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

namespace moert::cts {

/// A folder that is removed with its owner.
class SampleArtefact {
public:
  using Json = nlohmann::ordered_json;

  /// Writes the artefact; `change` may alter the manifest before its digest is made.
  explicit SampleArtefact(const std::function<void(Json &manifest)> &change = {});
  SampleArtefact(const SampleArtefact &) = delete;
  ~SampleArtefact() { std::filesystem::remove_all(path); }

  std::filesystem::path file(const std::string &name) const { return path / name; }
  std::string read(const std::string &name) const;
  void write(const std::string &name, const std::string &bytes) const;

  std::filesystem::path path;
};

} // namespace moert::cts
