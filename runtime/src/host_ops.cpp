//===- host_ops.cpp - operators that the host program supplies ----------------------------------------------------===//
#include "host_ops.h"
#include "types.h"
#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

using namespace moert;

struct moert_op_call {
  std::string name;
  int32_t numOutputs;
  moert_value *outputs;
  std::vector<bool> given;
  const std::function<void *(int64_t)> &allocate;
  Status failure;

  void *failWith(std::string why) {
    if (!failure)
      failure = fail(MOERT_INVALID_ARGUMENT, "operator '", name, "': ", why);
    return nullptr;
  }
};

namespace moert {
namespace {

struct HostOp {
  moert_op op = nullptr;
  void *user = nullptr;
};

/// All registered operators. Programs register before they run; a lock is enough.
class Registry {
public:
  static Registry &get() {
    static Registry registry;
    return registry;
  }
  Status set(const std::string &name, HostOp op) {
    std::lock_guard guard(lock);
    if (!op.op)
      ops.erase(name);
    else if (!ops.emplace(name, op).second)
      return fail(MOERT_INVALID_ARGUMENT, "an operator '", name, "' is registered already; remove it first");
    return {};
  }
  HostOp find(const std::string &name) {
    std::lock_guard guard(lock);
    auto found = ops.find(name);
    return found == ops.end() ? HostOp() : found->second;
  }

private:
  std::mutex lock;
  std::map<std::string, HostOp> ops;
};

} // namespace

Status registerHostOp(const char *name, moert_op op, void *user) {
  if (!name)
    return fail(MOERT_INVALID_ARGUMENT, "moert_register_op: the name is null");
  return Registry::get().set(name, {op, user});
}

Status runHostOp(const char *name, const char *attributes, int32_t numInputs, const moert_value *inputs, int32_t numOutputs,
                 moert_value *outputs, const std::function<void *(int64_t bytes)> &allocate) {
  for (int32_t i = 0; i < numOutputs; ++i)
    std::fill_n(outputs[i].dims, outputs[i].rank, 0);
  HostOp op = Registry::get().find(name);
  if (!op.op)
    return fail(MOERT_INVALID_ARGUMENT, "the model needs the operator '", name, "', which this program did not register (moert_register_op)");
  std::vector<moert_tensor> tensors;
  for (int32_t i = 0; i < numInputs; ++i) {
    const moert_value &value = inputs[i];
    auto bytes = value.rank <= MOERT_MAX_RANK ? byteSize(moert_type(value.type), value.dims, value.rank) : std::nullopt;
    if (!bytes)
      return fail(MOERT_INTERNAL, "operator '", name, "': input ", i, " has no valid shape");
    tensors.push_back({value.data, *bytes, moert_type(value.type), value.rank, {}});
    std::copy_n(value.dims, value.rank, tensors.back().dims);
  }
  moert_op_call call{name, numOutputs, outputs, std::vector<bool>(numOutputs), allocate, {}};
  op.op(op.user, &call, attributes, tensors.data(), numInputs, numOutputs);
  if (std::find(call.given.begin(), call.given.end(), false) != call.given.end())
    call.failWith("it did not give all outputs");
  return std::move(call.failure);
}

} // namespace moert

void *moert_op_output(moert_op_call *call, int32_t index, const int64_t *dims, int32_t rank) {
  if (index < 0 || index >= call->numOutputs || call->given[index])
    return call->failWith(text("there is no output ", index, ", or it was given before"));
  moert_value &output = call->outputs[index];
  if (rank != output.rank)
    return call->failWith(text("output ", index, " has ", output.rank, " axes, the operator gave ", rank));
  auto bytes = byteSize(moert_type(output.type), dims, rank);
  void *memory = bytes ? call->allocate(*bytes) : nullptr;
  if (!memory)
    return call->failWith(text("output ", index, " has an impossible shape, or memory is short"));
  std::copy_n(dims, rank, output.dims);
  output.data = memory;
  call->given[index] = true;
  return memory;
}

moert_type moert_op_output_type(const moert_op_call *call, int32_t index) {
  return index >= 0 && index < call->numOutputs ? moert_type(call->outputs[index].type) : moert_type(-1);
}

void moert_op_fail(moert_op_call *call, const char *message) { call->failWith(message); }
