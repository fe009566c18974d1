//===- MoeDialect.td - the moe dialect and the base of its ops --------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_DIALECT
#define MOE_DIALECTS_MOE_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::moe";
  let summary = "The language of sparse models: experts, routers, scans, attention, tables and the formats of their weights.";
  let description = [{
    Few ops that compose. Each has a meaning over tensors of any (dynamic) shape, a rule in the reference interpreter, and
    lowerings for each target. Shapes are written [outer, ..., inner]; T is tokens, E experts, K experts per token, H the
    hidden width, I an expert's width, B batch, S queries, L keys, D a head's width.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Moe_Op<string mnemonic, list<Trait> traits = []> : Op<Moe_Dialect, mnemonic, traits>;

/// An op from tensors to tensors whose result shapes follow from its operands.
class Moe_TensorOp<string mnemonic, list<Trait> traits = []>
    : Moe_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)> {
  let hasVerifier = 1;
}

def Moe_FloatTensor : RankedTensorOf<[AnyFloat]>;
def Moe_IndexTensor : RankedTensorOf<[I32, I64]>;

#endif // MOE_DIALECTS_MOE_DIALECT
