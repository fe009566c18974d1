//===- Passes.td - passes within the language -------------------------------------------------------------------===//
#ifndef MOE_TRANSFORMS_PASSES
#define MOE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ScalarizeShapes : Pass<"moe-scalarize-shapes", "::mlir::func::FuncOp"> {
  let summary = "shape arithmetic on tiny tensors becomes scalar arithmetic";
  let description = [{
    ONNX computes with shapes in tensors of a few integers. An op on such tensors, whose elements are known as scalars, becomes
    arithmetic on those scalars, which folds; no buffer is left for it.

    ```mlir
    %t = tensor.from_elements %a, %b : tensor<2xi64>
    %s = linalg.generic ... ins(%t, %c : tensor<2xi64>, tensor<2xi64>) { arith.muli }
    // becomes
    %x = arith.muli %a, %c0 : i64
    %y = arith.muli %b, %c1 : i64
    %s = tensor.from_elements %x, %y : tensor<2xi64>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def LowerVectors : Pass<"moe-lower-vectors"> {
  let summary = "vector ops to those that LLVM has instructions for";
  let description = [{
    Masks, broadcasts, shape casts, transposes and transfers of any rank become ops on vectors of one dimension: insertions, extractions,
    shuffles, comparisons and masked loads, which have direct LLVM forms.

    ```mlir
    %m = vector.create_mask %n : vector<16xi1>
    // becomes
    %s = vector.step : vector<16xindex>
    %b = vector.broadcast %n : index to vector<16xindex>
    %m = arith.cmpi slt, %s, %b : vector<16xindex>
    ```
  }];
  let dependentDialects = ["::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def FuseElementwise : Pass<"moe-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "elementwise producers move into their consumers";
  let description = [{
    An elementwise `linalg.generic` that has one use, or is cheap to compute again, moves into the op that reads it, so that its result
    needs no memory. It stays where it is when the consumer would compute its elements more often.

    ```mlir
    %a = linalg.generic ... { arith.addf }
    %b = linalg.generic ... ins(%a) { math.exp }
    // becomes
    %b = linalg.generic ... { arith.addf; math.exp }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
}

def SyncHost : Pass<"moe-sync-host", "::mlir::func::FuncOp"> {
  let summary = "the host waits for kernels before it touches memory that they use";
  let description = [{
    Small buffers that no kernel uses move to the stack of the host; before the host reads or writes other memory it waits, unless nothing was
    launched since it last waited.

    ```mlir
    gpu.launch_func @device::@count blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : memref<index>)
    %0 = memref.load %n[] : memref<index>
    // becomes
    gpu.launch_func @device::@count blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : memref<index>)
    rt.sync
    %0 = memref.load %n[] : memref<index>
    ```
  }];
  let dependentDialects = ["::moe::rt::RtDialect", "::mlir::memref::MemRefDialect"];
}

def GlobalsToParams : Pass<"moe-globals-to-params", "::mlir::ModuleOp"> {
  let summary = "constants that kernels on a device read become weights";
  let description = [{
    The constants of host code lie in its memory, which a device may not see.

    ```mlir
    memref.global "private" constant @c : memref<4xf32> = dense<1.0>
    %0 = memref.get_global @c : memref<4xf32>
    // becomes
    moe.param @c : tensor<4xf32> = dense<1.0>
    %0 = rt.param "c" : memref<4xf32>
    ```
  }];
  let dependentDialects = ["::moe::MoeDialect", "::moe::rt::RtDialect"];
}

def FreeBuffers : Pass<"moe-free-buffers", "::mlir::func::FuncOp"> {
  let summary = "each buffer is released after its last use";
  let description = [{
    Puts a `memref.dealloc` behind the last use of each `memref.alloc` and its views, in the block of the allocation. A buffer that leaves
    its block (returned, or carried by a loop) is left to the runtime, which releases it when the call ends.

    ```mlir
    %a = memref.alloc() : memref<4xf32>
    rt.launch @map tasks(%n) cost(%c) args(%a : memref<4xf32>)
    // becomes
    %a = memref.alloc() : memref<4xf32>
    rt.launch @map tasks(%n) cost(%c) args(%a : memref<4xf32>)
    memref.dealloc %a : memref<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def MergeKernels : Pass<"moe-merge-kernels", "::mlir::ModuleOp"> {
  let summary = "equal kernels become one";
  let description = [{
    Kernels with the same type and body are one kernel: code size and compile time grow with distinct bodies, not with the number of ops.

    ```mlir
    rt.launch @map tasks(%n) cost(%c) args(%a : memref<4xf32>)
    rt.launch @map_1 tasks(%n) cost(%c) args(%b : memref<4xf32>)
    // becomes, where @map and @map_1 have equal bodies
    rt.launch @map tasks(%n) cost(%c) args(%a : memref<4xf32>)
    rt.launch @map tasks(%n) cost(%c) args(%b : memref<4xf32>)
    ```
  }];
  let statistics = [Statistic<"merged", "kernels-merged", "kernels that were equal to another one">];
}

def DescribeEntries : Pass<"moe-describe-entries", "::mlir::ModuleOp"> {
  let summary = "what the artefact says of its entries and weights";
  let description = [{
    Numbers the weights that the code uses, in the order in which it uses them, and the states, and lists them and the signatures of the
    entries on the module, where they survive lowering.

    ```mlir
    %0 = rt.param "w" : memref<4xf32>
    // becomes
    %0 = rt.param "w" : memref<4xf32> {rt.index = 0 : i32}
    ```
  }];
}

def ExpandMath : Pass<"moe-expand-math", "::mlir::ModuleOp"> {
  let summary = "elementary functions become arithmetic that vectorises";
  let description = [{
    exp, tanh, erf, log and log1p of float32 become polynomials, so that loops over them vectorise. The others stay library calls.

    ```mlir
    %0 = math.exp %x : f32
    // becomes
    arith.mulf, math.fma, ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ExpandDeviceMath : Pass<"moe-expand-device-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "elementary functions in device code become arithmetic";
  let description = [{
    A GPU has no library of functions, and its compilers' own need not be installed. Sine and cosine reduce their argument in float64, so that
    large ones keep their accuracy. Square roots and roundings stay: they are instructions.

    ```mlir
    %0 = math.exp %x : f32
    // becomes
    %0 = a polynomial in %x, by arith ops
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def ExpandContrib : Pass<"moe-expand-contrib", "::mlir::ModuleOp"> {
  let summary = "operators of ONNX Runtime become standard nodes and moe ops";
  let description = [{
    Replaces each node of com.microsoft, and those of ONNX Runtime's operators that exporters put into the standard domain, by what it
    means. Runs whether or not constructs are raised. What an operator asks for and is not implemented is an error that names it.

    ```mlir
    %y = onnx.node "MoE"(%x, %logits, %w1, %none, %w2) {activation_type = "relu", k = 2 : i64} domain "com.microsoft" version 1 : ...
    // becomes
    %ids, %w = moe.route %logits {k = 2 : i64} : ...
    %y = moe.experts %x, %ids, %w up %w1 down %w2 {activation = #moe.activation<relu>} : ...
    ```
  }];
  let dependentDialects = ["::moe::MoeDialect"];
  let statistics = [Statistic<"expanded", "nodes-expanded", "nodes of ONNX Runtime that were expanded">];
}

def Raise : Pass<"moe-raise", "::mlir::func::FuncOp"> {
  let summary = "recognised constructs become moe ops";
  let description = [{
    Follows the definitions of tensors element by element (lib/Raise/Element/Expr.h): what a graph computes is compared with what the ops
    of the moe dialect mean, not with the sequences of nodes that some exporter writes. What is replaced is left to dead-code elimination.

    ```mlir
    // a few hundred nodes that sort tokens, multiply and scatter
    // become
    %y = moe.experts %x, %ids, %w gate %g up %u down %d {activation = #moe.activation<silu>} : ...
    ```
    With `keep-originals` what is replaced stays, and each raised value is compared with it by `check.expect_close`.
  }];
  let options = [Option<"keepOriginals", "keep-originals", "bool", "false", "compare each raised value with its original">,
                 Option<"keepScans", "keep-scans", "bool", "false", "leave recurrences as they are">,
                 Option<"generalizeLength", "generalize-length", "bool", "false",
                        "loops written once per step run as many steps as their inputs have">];
  // What is proved by running it is legalised on a copy.
  let dependentDialects = ["::moe::MoeDialect", "::moe::check::CheckDialect", "::moe::rt::RtDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::scf::SCFDialect"];
  let statistics = [Statistic<"loops", "loops", "loops written once per step that became one">,
                    Statistic<"scans", "scans", "recurrences that were recognised">,
                    Statistic<"experts", "expert-layers", "expert layers that were recognised">,
                    Statistic<"routes", "routers", "routers that were recognised">,
                    Statistic<"attentions", "attentions", "attentions that were recognised">,
                    Statistic<"rotaries", "rotaries", "rotary embeddings that were recognised">,
                    Statistic<"norms", "norms", "normalisations that were recognised">,
                    Statistic<"linears", "projections", "projections that were recognised">];
}

def ExposeProofs : Pass<"moe-expose-proofs", "::mlir::func::FuncOp"> {
  let summary = "proofs of raises become results";
  let description = [{
    Where the raise stage kept originals (attribute `check.proofs` of the function), the two operands of each `check.expect_close` become
    results of the function, so that whoever runs it can compare them; the names of the results say what was raised.

    ```mlir
    check.expect_close %raised, %original : tensor<4xf32>, tensor<4xf32>
    return %y : tensor<4xf32>
    // becomes
    return %y, %raised, %original : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"proofs", "proofs-exposed", "raises whose proof became results">];
}

def EmulateTiles : Pass<"moe-emulate-tiles", "::mlir::ModuleOp"> {
  let summary = "AMX tiles as vectors, so that kernels with tiles run on processors without";
  let description = [{
    For tests: kernels for AMX take the place of those for AVX-512, and their tiles become vectors of the same shape, with the elements where the
    hardware has them.

    ```mlir
    %t = amx.tile_zero : !amx.tile<16x16xf32>
    // becomes
    %t = arith.constant dense<0.0> : vector<16x16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def RoundProducts : Pass<"moe-round-products", "::mlir::func::FuncOp"> {
  let summary = "operands of products become bfloat16";
  let description = [{
    Rounds what projections and experts multiply to bfloat16; sums and results keep their types. Projections that feed a router directly stay
    as they are, since a rounded score may choose another expert; so do weights that are dequantized from codes.

    ```mlir
    %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
    // becomes
    %a = arith.truncf %x : tensor<?x64xf32> to tensor<?x64xbf16>
    %b = arith.truncf %w : tensor<32x64xf32> to tensor<32x64xbf16>
    %y = moe.linear %a, %b : (tensor<?x64xbf16>, tensor<32x64xbf16>) -> tensor<?x32xf32>
    ```
  }];
  let dependentDialects = ["::moe::MoeDialect", "::mlir::arith::ArithDialect"];
}

def MakeStateful : Pass<"moe-make-stateful", "::mlir::ModuleOp"> {
  let summary = "past inputs and present outputs become states of the session";
  let description = [{
    An output that is an input with something behind it, or with a part overwritten, is a cache: it grows or is written in place. An output that
    is computed from an input of the same type whose name differs in the word for past and present alone (past.0.conv, present.0.conv) replaces
    it. Both leave the signature. A length of a fresh state is that of another input with the same name, or given by `length=NAME=N`.

    ```mlir
    func.func @main(%ids: tensor<?x?xi64> {onnx.dims = ["b", "s"]}, %past: tensor<?x2x?x16xf32> {onnx.dims = ["b", "", "p", ""]}) {
      ...
      %present = onnx.node "Concat"(%past, %new) {axis = 2 : i64} ...
      return %logits, %present
    // becomes
    moe.state @past : tensor<?x2x?x16xf32> axis 2
    func.func @main(%ids: tensor<?x?xi64>) {
      ...
      %present = moe.append_state @past, %new : ...
      return %logits
    ```
  }];
  let options = [ListOption<"lengths", "length", "std::string", "NAME=N: a length of fresh states that no input has">];
  let statistics = [Statistic<"made", "states-made", "pairs of inputs and outputs that became states">];
  let dependentDialects = ["::moe::MoeDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def QuantizeWeights : Pass<"moe-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "weights take the formats that are asked for";
  let description = [{
    Finds what each weight of a projection, of experts, and each table of rows does in the model, writes that role and its format on the params, and
    puts the format in: codes that are dequantized where they are used, or numbers of a narrower type. Weights that come as codes keep them.

    ```mlir
    %w = moe.get_param @w : tensor<32x64xf32>
    %y = moe.linear %x, %w : ...
    // becomes, with formats=int8
    %w = moe.get_param @w : tensor<32x64xf32>
    %c, %s = moe.quantize %w {format = #moe.format<i8>} : (tensor<32x64xf32>) -> (tensor<32x64xui8>, tensor<32x1xf32>)
    %d = moe.dequantize %c scales %s {format = #moe.format<i8>} : (tensor<32x64xui8>, tensor<32x1xf32>) -> tensor<32x64xf32>
    %y = moe.linear %x, %d : ...
    ```
  }];
  let options = [Option<"formats", "formats", "std::string", "\"\"", "FORMAT and ROLE=FORMAT, separated by commas">];
  let statistics = [Statistic<"quantized", "weights-quantized", "uses of weights that have another format now">];
  let dependentDialects = ["::moe::MoeDialect", "::moe::onnx::OnnxDialect"];
}

def SpellOnnx : Pass<"moe-spell-onnx", "::mlir::func::FuncOp"> {
  let summary = "moe ops become ONNX operators";
  let description = [{
    Writes each moe op with operators of the standard (opset 23) and of ONNX Runtime, which are preferred where they mean exactly the same. An op
    that has no such form is an error.

    ```mlir
    %ids, %w = moe.route %logits {k = 2 : i64, renorm = #moe.renorm<sum>} : ...
    %y = moe.experts %x, %ids, %w gate %g up %u down %d : ...
    // becomes
    %fc1 = onnx.node "Reshape" ... // rows of %g and %u in turn
    %y = onnx.node "MoE"(%x, %logits, %fc1, %none, %d) {activation_type = "swiglu", k = 2 : i64, ...} domain "com.microsoft" version 1 : ...
    ```
  }];
  let dependentDialects = ["::moe::onnx::OnnxDialect"];
  let statistics = [Statistic<"spelled", "ops-spelled", "moe ops that became ONNX operators">];
}

def PackWeights : Pass<"moe-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "weights take the layout that kernels read";
  let description = [{
    Puts `moe.pack` and `moe.unpack` before the weights of projections and experts. Hoisting then turns the packed form into a weight of its
    own, which is what the artefact holds. Of a weight that is dequantized from codes that kernels read in registers, the codes, scales and
    zero points are packed, and `moe.dequantize` stays between them and the op; other formats become floats.

    ```mlir
    %y = moe.linear %x, %w : ...
    // becomes
    %p = moe.pack %w : tensor<100x64xf32> -> tensor<8x64x16xf32>
    %u = moe.unpack %p : tensor<8x64x16xf32> -> tensor<100x64xf32>
    %y = moe.linear %x, %u : ...
    ```
  }];
  let dependentDialects = ["::moe::MoeDialect"];
}

def HoistParams : Pass<"moe-hoist-params", "::mlir::ModuleOp"> {
  let summary = "what is computed from weights alone becomes a weight";
  let description = [{
    A tensor that is computed from weights and constants only is computed once, when the artefact is written: the ops move into the `init`
    region of a new `moe.param`. Nothing is evaluated here, so weights stay in their files.

    ```mlir
    %w = moe.get_param @w : tensor<8x4xf32>
    %t = linalg.transpose ins(%w) outs(%e) permutation = [1, 0]
    // becomes
    moe.param @w.transpose : tensor<4x8xf32> init { ... }
    %t = moe.get_param @w.transpose : tensor<4x8xf32>
    ```
  }];
  let dependentDialects = ["::moe::MoeDialect"];
  let statistics = [Statistic<"hoisted", "weights-hoisted", "weights that are computed from others">];
}

def Interpret : Pass<"moe-interpret", "::mlir::ModuleOp"> {
  let summary = "runs the module's tests in the reference interpreter";
  let description = [{
    Runs each function without arguments that is called `main` or `test_...`; the `check` ops in it are the assertions. One that does not
    hold, and any other error of a run, is a diagnostic at the op. The pass fails where a function fails, and where there is none to run.
    It changes nothing.

    ```mlir
    func.func @test_add() {
      %a = arith.constant dense<[1, 2]> : tensor<2xi32>
      %b = arith.addi %a, %a : tensor<2xi32>
      %c = arith.constant dense<[2, 5]> : tensor<2xi32>
      check.expect_eq %b, %c : tensor<2xi32>, tensor<2xi32>
      return
    }
    // error: check.expect_eq: element [1] is 4, expected 5 (1 of 2 elements differ)
    ```
  }];
  // An onnx.node is legalised on a copy.
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::scf::SCFDialect", "::moe::MoeDialect", "::moe::rt::RtDialect"];
  let statistics = [Statistic<"passed", "functions-passed", "functions whose run had no error">];
}

def Bufferize : Pass<"moe-bufferize", "::mlir::ModuleOp"> {
  let summary = "tensors become buffers";
  let description = [{
    One-shot bufferization of the functions, in place where nothing else reads what is overwritten. Arguments and results are in row-major
    order. The regions of weights are left alone.

    ```mlir
    %0 = linalg.fill ins(%c) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    // becomes
    %m = memref.alloc() : memref<4xf32>
    linalg.fill ins(%c) outs(%m : memref<4xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect"];
}

#endif // MOE_TRANSFORMS_PASSES
