//===- Model.cpp - a loaded model and a session -------------------------------------------------------------------===//
#include "Model.h"

namespace moerun {

static const char *orNull(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

Model::Model(const ModelOptions &options) {
  // A device picks the code that is for it; null runs any.
  const std::string &target = options.target.empty() && options.device != "null" ? options.device : options.target;
  moert_module_options moduleOptions{orNull(target), orNull(options.isa)};
  moert_module *newModule = nullptr;
  check(moert_module_load(options.path.c_str(), &moduleOptions, &newModule));
  loaded.reset(newModule);
  if (!options.entry.empty() && (entry = moert_module_find_entry(newModule, options.entry.c_str())) < 0)
    throw Failure(Exit::Invalid, options.path + ": there is no entry '" + options.entry + "'");
  moert_session_options sessionOptions{orNull(options.device), options.threads};
  moert_session *newSession = nullptr;
  check(moert_session_create(newModule, &sessionOptions, &newSession));
  opened.reset(newSession);
  for (int32_t i = 0; i < moert_module_num_inputs(newModule, entry); ++i)
    inputs.push_back(moert_module_input(newModule, entry, i));
  for (int32_t i = 0; i < moert_module_num_outputs(newModule, entry); ++i)
    outputs.push_back(moert_module_output(newModule, entry, i));
}

int Model::find(const std::vector<const moert_value_info *> &values, const std::string &name) {
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i]->name == name)
      return int(i);
  return -1;
}

std::vector<std::vector<int64_t>> Model::inputLengths(const std::map<std::string, int64_t> &symbols) const {
  std::vector<const char *> names;
  std::vector<int64_t> values;
  for (auto &[name, value] : symbols) {
    names.push_back(name.c_str());
    values.push_back(value);
  }
  size_t axes = 0;
  for (const moert_value_info *input : inputs)
    axes += size_t(input->rank);
  std::vector<int64_t> lengths(axes + 1);
  check(moert_module_input_lengths(loaded.get(), entry, names.data(), values.data(), int32_t(names.size()), lengths.data()));
  std::vector<std::vector<int64_t>> result;
  auto next = lengths.begin();
  for (const moert_value_info *input : inputs) {
    result.emplace_back(next, next + input->rank);
    next += input->rank;
  }
  return result;
}

std::vector<moert_tensor> Model::run(const std::vector<moert_tensor> &arguments) {
  std::vector<moert_tensor> results(outputs.size());
  run(arguments, results);
  return results;
}

void Model::run(const std::vector<moert_tensor> &arguments, std::vector<moert_tensor> &results) {
  check(moert_session_run(opened.get(), entry, arguments.data(), int32_t(arguments.size()), results.data(), int32_t(results.size())));
}

} // namespace moerun
