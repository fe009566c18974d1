//===- RuntimeSchemas.cpp - schemas of ONNX Runtime's operators -------------------------------------------------===//
#include "moe/Import/Onnx.h"
#include "onnx/defs/schema.h"

using ::onnx::OpSchema;

namespace moe {

void registerRuntimeSchemas() {
  static const bool once = [] {
    ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().AddDomainToVersion("com.microsoft", 1, 1);
    return true;
  }();
  (void)once;
}

} // namespace moe
