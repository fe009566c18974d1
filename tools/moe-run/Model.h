//===- Model.h - a loaded model and a session -------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Array.h"
#include "Failure.h"
#include <map>
#include <string>
#include <vector>

namespace moerun {

/// What every use of a model asks for.
struct ModelOptions {
  std::string path, target, isa, device, entry;
  int threads = 0;
};

class Model {
public:
  /// Loads the artefact, opens a session and picks the entry: the named one, else the first.
  explicit Model(const ModelOptions &options);

  std::vector<const moert_value_info *> inputs, outputs; ///< of the entry

  /// The index, or -1.
  int input(const std::string &name) const { return find(inputs, name); }
  int output(const std::string &name) const { return find(outputs, name); }

  /// Runs the entry; the results are valid until the next run.
  std::vector<moert_tensor> run(const std::vector<moert_tensor> &arguments);
  /// run(), where results have the memory that `results` brings, if any.
  void run(const std::vector<moert_tensor> &arguments, std::vector<moert_tensor> &results);

  /// The shape of every input as it follows from lengths of symbols, -1 where it does not (moert_module_input_lengths).
  std::vector<std::vector<int64_t>> inputLengths(const std::map<std::string, int64_t> &symbols) const;

  /// True where the session keeps states; they are fresh again after reset().
  bool keepsState() const { return moert_module_num_states(module()) > 0; }
  void reset() { check(moert_session_reset(session())); }

  moert_module *module() const { return loaded.get(); }
  moert_session *session() const { return opened.get(); }

private:
  static int find(const std::vector<const moert_value_info *> &values, const std::string &name);

  std::unique_ptr<moert_module, decltype(&moert_module_free)> loaded{nullptr, moert_module_free};
  std::unique_ptr<moert_session, decltype(&moert_session_free)> opened{nullptr, moert_session_free};
  int32_t entry = 0;
};

} // namespace moerun
