//===- Onnx.td - the onnx dialect: an ONNX graph without loss ---------------------------------------------------===//
#ifndef MOE_DIALECTS_ONNX
#define MOE_DIALECTS_ONNX

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::moe::onnx";
  let summary = "An ONNX graph, operator by operator, without loss.";
  let description = [{
    One generic op holds every ONNX operator of every domain and version, so that a graph can be read, changed and written back
    without a table of operators in between. Meaning comes from ONNX's own schemas; nothing is converted to another opset version.

    Types: tensors of builtin elements. Signed integers are signless (`i64`), unsigned ones carry their sign (`ui8`),
    booleans are `i1`. A dimension that the graph does not fix is `?`; its ONNX name stands in the argument attribute
    `onnx.dims` of the function.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

def Onnx_NoneType : TypeDef<Onnx_Dialect, "None"> {
  let mnemonic = "none";
  let summary = "the type of an optional operand or result that is left out";
  let builderCall = "::moe::onnx::NoneType::get($_builder.getContext())";
}

class Onnx_Op<string mnemonic, list<Trait> traits = []> : Op<Onnx_Dialect, mnemonic, traits>;

def Onnx_NodeOp : Onnx_Op<"node", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "one ONNX operator";
  let description = [{
    Meaning: the operator `op_type` of `domain` ("" is the standard one) as the opset `version` defines it.

    ```
    results = op_type(operands; attrs, subgraphs)
    ```

    Constraints:
    - (C1) `op_type` is not empty.
    - (C2) there are as many regions as names in `subgraphs`, and each region has one block that ends in `onnx.yield`.
    - (C3) `version` is at least 1.

    Example:
    ```mlir
    func.func @main(%x: tensor<2x3xf32>, %i: tensor<2xi64>) -> tensor<2x2xf32> {
      %0 = onnx.node "Gather"(%x, %i) {axis = 1 : i64} version 13
           : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x2xf32>
      return %0 : tensor<2x2xf32>
    }
    ```

    Lifespan: created by the import stage, gone after legalize.
  }];
  let arguments = (ins StrAttr:$op_type, DefaultValuedStrAttr<StrAttr, "">:$domain, I64Attr:$version, DictionaryAttr:$attrs,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$subgraphs, Variadic<AnyType>:$operands);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$op_type, "::mlir::TypeRange":$types, "::mlir::ValueRange":$operands,
                                 "::llvm::ArrayRef<::mlir::NamedAttribute>":$attrs, CArg<"int64_t", "1">:$version,
                                 CArg<"::llvm::StringRef", "\"\"">:$domain)>];
  let extraClassDeclaration = [{
    /// True for the operator `name` of `domain`.
    bool is(::llvm::StringRef name, ::llvm::StringRef domain = "") {
      return getOpType() == name && getDomain() == domain;
    }
    /// The operand, or null where it is left out.
    ::mlir::Value input(unsigned index);
    /// The attribute `name` of the ONNX operator, or null.
    ::mlir::Attribute attribute(::llvm::StringRef name) { return getAttrs().get(name); }
    int64_t intAttribute(::llvm::StringRef name, int64_t absent);
    double floatAttribute(::llvm::StringRef name, double absent);
    ::llvm::StringRef stringAttribute(::llvm::StringRef name, ::llvm::StringRef absent);
    /// The integers of the attribute `name`; nullopt where it is absent.
    ::std::optional<::llvm::SmallVector<int64_t>> intsAttribute(::llvm::StringRef name);
    /// The subgraph that the operator's attribute `name` holds, or null.
    ::mlir::Region *subgraph(::llvm::StringRef name);
    /// The operator's name with its domain, for diagnostics: com.microsoft.MoE.
    ::std::string qualifiedName();
  }];
}

def Onnx_ConstantOp : Onnx_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a small constant tensor";
  let description = [{
    Meaning: a tensor whose elements are in the IR.

    ```
    result = value
    ```

    Constraints:
    - (C1) the type of `value` is the result's type.

    Example:
    ```mlir
    func.func @main() -> tensor<2xi64> {
      %0 = onnx.constant dense<[0, -1]> : tensor<2xi64>
      return %0 : tensor<2xi64>
    }
    ```

    Lifespan: created by the import stage (initialisers of at most 1 KiB, shape data) and by folding, gone after legalize.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{ build($_builder, $_state, value.getType(), value); }]>];
}

def Onnx_NoneOp : Onnx_Op<"none", [Pure, ConstantLike]> {
  let summary = "an operand that is left out";
  let description = [{
    Meaning: stands where an ONNX node has an empty input name.

    ```
    result = (nothing)
    ```

    Constraints: none.

    Example:
    ```mlir
    func.func @main(%x: tensor<4xf32>, %hi: tensor<f32>) -> tensor<4xf32> {
      %none = onnx.none
      %0 = onnx.node "Clip"(%x, %none, %hi) version 13 : (tensor<4xf32>, !onnx.none, tensor<f32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```

    Lifespan: created by the import stage, gone after legalize.
  }];
  let results = (outs Onnx_NoneType:$result);
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
}

def Onnx_YieldOp : Onnx_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "the outputs of a subgraph";
  let description = [{
    Meaning: ends a subgraph of `onnx.node` and gives its outputs.

    ```
    (subgraph outputs) = operands
    ```

    Constraints: none.

    Example:
    ```mlir
    func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = onnx.node "If"(%c) version 21 : (tensor<i1>) -> tensor<4xf32> subgraphs ["then_branch", "else_branch"] {
        onnx.yield %x : tensor<4xf32>
      }, {
        %1 = onnx.node "Neg"(%x) version 13 : (tensor<4xf32>) -> tensor<4xf32>
        onnx.yield %1 : tensor<4xf32>
      }
      return %0 : tensor<4xf32>
    }
    ```

    Lifespan: created by the import stage, gone after legalize.
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
  let builders = [OpBuilder<(ins), [{}]>];
}

#endif // MOE_DIALECTS_ONNX
