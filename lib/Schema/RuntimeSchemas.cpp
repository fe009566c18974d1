//===- RuntimeSchemas.cpp - schemas of ONNX Runtime's operators -------------------------------------------------===//
#include "Signature.h"
#include "moe/Import/Onnx.h"

namespace moe {

void registerRuntimeSchemas() {
  static const bool once = [] {
    ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().AddDomainToVersion(schema::kMicrosoft, 1, 1);
    for (auto add : {schema::addActivationSchemas, schema::addAttentionSchemas, schema::addExpertSchemas, schema::addHyperConnectionSchemas,
                     schema::addNormSchemas, schema::addProductSchemas, schema::addQuantizedSchemas, schema::addRecurrentSchemas})
      add();
    return true;
  }();
  (void)once;
}

} // namespace moe
