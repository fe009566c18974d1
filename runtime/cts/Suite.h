//===- Suite.h - what the suite's tests share ---------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "SampleArtefact.h"
#include "moert/moert.h"
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace moert::cts {

/// A status that frees itself.
class Result {
public:
  Result(moert_status *status) : status(status, moert_status_free) {}
  moert_code code() const { return moert_status_code(status.get()); }
  std::string message() const { return moert_status_message(status.get()); }

private:
  std::unique_ptr<moert_status, decltype(&moert_status_free)> status;
};

using Module = std::unique_ptr<moert_module, decltype(&moert_module_free)>;
using Session = std::unique_ptr<moert_session, decltype(&moert_session_free)>;

inline Result load(const std::filesystem::path &path, Module &module, moert_module_options options = {}) {
  moert_module *loaded = nullptr;
  Result result = moert_module_load(path.c_str(), &options, &loaded);
  module = Module(loaded, moert_module_free);
  return result;
}

inline Session open(moert_module *module, moert_session_options options = {}) {
  moert_session *session = nullptr;
  Result result = moert_session_create(module, &options, &session);
  EXPECT_EQ(result.code(), MOERT_OK) << result.message();
  return Session(session, moert_session_free);
}

template <typename T> constexpr moert_type typeOf = MOERT_FLOAT32;
template <> inline constexpr moert_type typeOf<int64_t> = MOERT_INT64;
template <> inline constexpr moert_type typeOf<int32_t> = MOERT_INT32;

/// A view of a vector as one axis, or of a single element as a scalar.
template <typename T> moert_tensor view(std::vector<T> &values) {
  return {values.data(), int64_t(values.size() * sizeof(T)), typeOf<T>, 1, {int64_t(values.size())}};
}
template <typename T> moert_tensor view(T &value) { return {&value, sizeof(T), typeOf<T>, 0, {}}; }

/// The elements of a result.
template <typename T> std::vector<T> elements(const moert_tensor &tensor) {
  auto *data = static_cast<const T *>(tensor.data);
  return {data, data + tensor.bytes / int64_t(sizeof(T))};
}

/// Runs the entry called `name`.
inline Result run(moert_module *module, moert_session *session, const char *name, const std::vector<moert_tensor> &inputs, std::vector<moert_tensor> &outputs) {
  int32_t entry = moert_module_find_entry(module, name);
  outputs.resize(size_t(moert_module_num_outputs(module, entry)));
  return moert_session_run(session, entry, inputs.data(), int32_t(inputs.size()), outputs.data(), int32_t(outputs.size()));
}

} // namespace moert::cts
