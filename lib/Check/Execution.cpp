//===- Execution.cpp - running artefacts on the interpreter's tensors -------------------------------------------===//
#include "moe/Check/Execution.h"
#include "moert/moert.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>

using namespace mlir;

namespace moe {

static llvm::Error errorOf(moert_status *status) {
  if (!status)
    return llvm::Error::success();
  std::string message = moert_status_message(status);
  moert_status_free(status);
  return llvm::createStringError(message);
}

static moert_type typeOf(Type element) {
  if (element.isInteger(1))
    return MOERT_BOOL;
  if (auto integer = dyn_cast<IntegerType>(element))
    return moert_type((integer.isUnsigned() ? MOERT_UINT8 : MOERT_INT8) + llvm::Log2_32(integer.getWidth() / 8));
  if (element.isF16())
    return MOERT_FLOAT16;
  if (element.isBF16())
    return MOERT_BFLOAT16;
  if (isa<Float8E4M3FNType>(element))
    return MOERT_F8E4M3FN;
  if (isa<Float8E5M2Type>(element))
    return MOERT_F8E5M2;
  return element.isF64() ? MOERT_FLOAT64 : MOERT_FLOAT32;
}

static Type elementOf(moert_type type, MLIRContext *context) {
  switch (type) {
  case MOERT_FLOAT16:
    return Float16Type::get(context);
  case MOERT_BFLOAT16:
    return BFloat16Type::get(context);
  case MOERT_FLOAT32:
    return Float32Type::get(context);
  case MOERT_FLOAT64:
    return Float64Type::get(context);
  case MOERT_F8E4M3FN:
    return Float8E4M3FNType::get(context);
  case MOERT_F8E5M2:
    return Float8E5M2Type::get(context);
  case MOERT_BOOL:
    return IntegerType::get(context, 1);
  default:
    auto sign = type >= MOERT_UINT8 && type <= MOERT_UINT64 ? IntegerType::Unsigned : IntegerType::Signless;
    return IntegerType::get(context, moert_type_bytes(type) * 8, sign);
  }
}

Tensor tensorOf(const moert_tensor &tensor, MLIRContext *context) {
  Tensor result(elementOf(tensor.type, context), ArrayRef(tensor.dims, tensor.rank));
  if (result.count())
    memcpy(result.mutableData(), tensor.data, result.count() * moert_type_bytes(tensor.type));
  return result;
}

llvm::Expected<Execution> Execution::load(const std::string &path, const std::string &isa) {
  moert_module *module = nullptr;
  moert_module_options options{nullptr, isa.empty() ? nullptr : isa.c_str()};
  if (llvm::Error error = errorOf(moert_module_load(path.c_str(), &options, &module)))
    return error;
  Execution execution;
  execution.module.reset(module, moert_module_free);
  moert_session *session = nullptr;
  if (llvm::Error error = errorOf(moert_session_create(module, nullptr, &session)))
    return error;
  execution.session.reset(session, moert_session_free);
  return execution;
}

llvm::Expected<std::vector<Tensor>> Execution::run(StringRef entry, ArrayRef<Tensor> inputs, TypeRange like) {
  int32_t index = moert_module_find_entry(module.get(), entry.str().c_str());
  if (index < 0)
    return llvm::createStringError("the artefact has no entry " + entry.str());
  std::vector<moert_tensor> given, made(moert_module_num_outputs(module.get(), index), moert_tensor{});
  for (const Tensor &input : inputs) {
    moert_type type = typeOf(input.elementType());
    moert_tensor tensor{const_cast<char *>(input.data()), input.count() * moert_type_bytes(type), type, int32_t(input.rank()), {}};
    llvm::copy(input.shape(), tensor.dims);
    given.push_back(tensor);
  }
  if (llvm::Error error = errorOf(moert_session_run(session.get(), index, given.data(), given.size(), made.data(), made.size())))
    return error;
  std::vector<Tensor> results;
  for (auto [output, type] : llvm::zip_equal(made, like)) {
    Tensor result(getElementTypeOrSelf(type), ArrayRef(output.dims, output.rank));
    if (result.count())
      memcpy(result.mutableData(), output.data, result.count() * moert_type_bytes(output.type));
    results.push_back(std::move(result));
  }
  return results;
}

Difference compare(const Tensor &got, const Tensor &expected, double floor) {
  Difference result;
  if (got.shape() != expected.shape() || got.elementType() != expected.elementType())
    return {INFINITY, 0, false};
  double largest = 0;
  bool real = isa<FloatType>(expected.elementType());
  for (int64_t place = 0; real && place < expected.count(); ++place)
    if (double value = std::fabs(expected.real(place)); std::isfinite(value))
      largest = std::max(largest, value);
  largest = std::max(largest, floor);
  for (int64_t place = 0; place < expected.count(); ++place) {
    double x = got.real(place), y = expected.real(place), difference = std::fabs(x - y) / largest;
    if (!real)
      difference = got.integer(place) == expected.integer(place) ? 0 : INFINITY;
    else if (!std::isfinite(x) || !std::isfinite(y)) {
      bool same = (std::isnan(x) && std::isnan(y)) || x == y;
      result.comparable &= same;
      difference = same ? 0 : INFINITY;
    }
    if (difference > result.worst)
      result.worst = difference, result.place = place;
  }
  return result;
}

} // namespace moe
