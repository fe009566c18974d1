//===- Rt.td - the rt dialect: one op is one call into the runtime ------------------------------------------------===//
#ifndef MOE_DIALECTS_RT
#define MOE_DIALECTS_RT

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::moe::rt";
  let summary = "The border between compiled code and the runtime: one op is one entry of the ABI table.";
  let description = [{
    Compiled code reaches the runtime through a table of functions that every call gets with its context. The table is
    `moert_api` in `runtime/include/moert/abi.h`; each op here names its entry.
  }];
}

class Rt_Op<string mnemonic, list<Trait> traits = []> : Op<Rt_Dialect, mnemonic, traits>;

def Rt_LaunchOp : Rt_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel over a number of independent tasks";
  let description = [{
    Meaning: calls `kernel(begin, end, args...)` for ranges that cover [0, tasks) once each, on any number of threads, and
    returns when all are done. The ABI entry is `parallel`.

    ```
    for t in [0, tasks): kernel's task t
    ```
    `cost` estimates one task's work in nanoseconds; the runtime runs small launches on the calling thread.

    Constraints:
    - (C1) `kernel` names a function whose first two arguments are indices.
    - (C2) the operands have the types of the kernel's further arguments: memrefs, indices, integers and floats.

    Example:
    ```mlir
    func.func private @fill(%begin: index, %end: index, %out: memref<?xf32>, %value: f32) attributes {rt.kernel} {
      %c1 = arith.constant 1 : index
      scf.for %i = %begin to %end step %c1 {
        memref.store %value, %out[%i] : memref<?xf32>
      }
      return
    }
    func.func @main(%out: memref<?xf32>, %n: index, %value: f32) {
      rt.launch @fill tasks(%n) cost(%n) args(%out, %value : memref<?xf32>, f32)
      return
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Index:$tasks, Index:$cost, Variadic<AnyType>:$args);
  let assemblyFormat = "$kernel `tasks` `(` $tasks `)` `cost` `(` $cost `)` (`args` `(` $args^ `:` type($args) `)`)? attr-dict";
}

def Rt_ParamOp : Rt_Op<"param", [Pure]> {
  let summary = "the bytes of a weight";
  let description = [{
    Meaning: where the runtime holds the weight `name` of the artefact. The ABI entry is `param`.

    ```
    result = address of the weight
    ```

    Constraints:
    - (C1) the result has a static shape and identity layout.

    Example:
    ```mlir
    func.func @main() -> memref<4xf32> {
      %0 = rt.param "w" : memref<4xf32>
      return %0 : memref<4xf32>
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name `:` type($result) attr-dict";
  let hasVerifier = 1;
}

def Rt_StateOp : Rt_Op<"state"> {
  let summary = "the memory of a state";
  let description = [{
    Meaning: the state `name` of the session, as it is, or with `append` after it has grown by the given lengths along its axis; what is new there is
    to be written by the caller. `lengths` are the dynamic lengths of a fresh state (0 along its axis), or of what is added. Memory of earlier results
    stays valid until the run ends. The ABI entry is `state`.

    ```
    result = the state's rows, at strides that leave room to grow along its axis
    ```

    Constraints:
    - (C1) there is a length for each dynamic axis of the result.
    - (C2) `axis`, which `append` needs, is an axis of the result; strides of the axes before it, and no others, are dynamic.

    Example:
    ```mlir
    func.func @main(%batch: index, %new: index) -> memref<?x2x?x16xf32, strided<[?, ?, 16, 1]>> {
      %0 = rt.state "keys" lengths(%batch, %new) axis 2 append : memref<?x2x?x16xf32, strided<[?, ?, 16, 1]>>
      return %0 : memref<?x2x?x16xf32, strided<[?, ?, 16, 1]>>
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let arguments = (ins StrAttr:$name, Variadic<Index>:$lengths, OptionalAttr<I64Attr>:$axis, UnitAttr:$append);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name `lengths` `(` $lengths `)` (`axis` $axis^)? (`append` $append^)? `:` type($result) attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The type of the memory of a state.
    static ::mlir::MemRefType memoryType(::mlir::RankedTensorType type, ::std::optional<int64_t> axis);
  }];
}

def Rt_SetStateOp : Rt_Op<"set_state"> {
  let summary = "gives a state its value for the next run";
  let description = [{
    Meaning: `value` is the state `name` when the run has ended; its memory becomes the runtime's where it was allocated in this run, else it is
    copied. The ABI entry is `set_state`.

    ```
    state = value
    ```

    Constraints:
    - (C1) `value` has identity layout.

    Example:
    ```mlir
    func.func @main(%x: memref<?xf32>) {
      rt.set_state "sum", %x : memref<?xf32>
      return
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let arguments = (ins StrAttr:$name, AnyMemRef:$value);
  let assemblyFormat = "$name `,` $value `:` type($value) attr-dict";
  let hasVerifier = 1;
}

def Rt_CheckOp : Rt_Op<"check"> {
  let summary = "ends the run with an error where a condition does not hold";
  let description = [{
    Meaning: a condition on the inputs that only shows when the model runs. The ABI entry is `fail`.

    ```
    if (!condition) end the run with `message`, status MOERT_INVALID_ARGUMENT
    ```

    Constraints: none.

    Example:
    ```mlir
    func.func @main(%ok: i1) {
      rt.check %ok, "Gather: index out of range"
      return
    }
    ```

    Lifespan: created by legalize, gone after lower.
  }];
  let arguments = (ins I1:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict";
}

def Rt_RoutedOp : Rt_Op<"routed"> {
  let summary = "tells the runtime where an expert layer sends its tokens";
  let description = [{
    Meaning: hands the experts' numbers of all tokens, and the bytes of weights that one expert reads, to whoever observes the session's routing.
    The ABI entry is `routed`.

    ```
    for t, j: token t goes to expert ids[t, j]        ids[t, j] = -1: to none
    ```

    Constraints:
    - (C1) `ids` has two axes, elements of 32 or 64 bits and identity layout.
    - (C2) `experts` is positive, `bytes` not negative.

    Example:
    ```mlir
    func.func @main(%ids: memref<?x2xi64>) {
      rt.routed %ids experts(8) bytes(24576) : memref<?x2xi64>
      return
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let arguments = (ins MemRefRankOf<[I32, I64], [2]>:$ids, I64Attr:$experts, I64Attr:$expert_bytes);
  let assemblyFormat = "$ids `experts` `(` $experts `)` `bytes` `(` $expert_bytes `)` attr-dict `:` type($ids)";
  let hasVerifier = 1;
}

def Rt_HostOp : Rt_Op<"host_op"> {
  let summary = "an operator that the host program computes";
  let description = [{
    Meaning: the results of the operator that the host registered as `name`, for the inputs and `attrs`, a JSON object. The host chooses the
    results' lengths. `elements` are the element types of inputs and results with their signs. The ABI entry is `host_op`.

    ```
    results = name(inputs, attrs)        the run ends with an error where nobody registered `name`
    ```

    Constraints:
    - (C1) inputs and results are all tensors or all memrefs of identity layout.
    - (C2) all lengths of the results are dynamic.
    - (C3) there is an element type for each input and result, of the same width.

    Example:
    ```mlir
    func.func @main(%x: tensor<?xi64>) -> tensor<?x?xf32> {
      %0 = rt.host_op "rules.Score" attrs "{\"limit\":3}" elements [ui64, f32] (%x) : (tensor<?xi64>) -> tensor<?x?xf32>
      return %0 : tensor<?x?xf32>
    }
    ```

    Lifespan: created by legalize on tensors, by schedule on memrefs, gone after lower.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$attrs, TypeArrayAttr:$elements, Variadic<AnyTypeOf<[AnyRankedTensor, AnyMemRef]>>:$inputs);
  let results = (outs Variadic<AnyTypeOf<[AnyRankedTensor, AnyMemRef]>>:$outputs);
  let assemblyFormat = "$name `attrs` $attrs `elements` $elements `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
  let hasVerifier = 1;
}

def Rt_SyncOp : Rt_Op<"sync"> {
  let summary = "waits until kernels on a device have left memory alone";
  let description = [{
    Meaning: returns when all launches before it are done. The host may then read what kernels wrote and write what they read. A check in a kernel
    that did not hold ends the run here. The ABI entry is `sync`.

    ```
    for each launch so far: wait until it is done
    ```

    Constraints: none.

    Example:
    ```mlir
    func.func @main(%counts: memref<1xindex>) -> index {
      rt.sync
      %c0 = arith.constant 0 : index
      %0 = memref.load %counts[%c0] : memref<1xindex>
      return %0 : index
    }
    ```

    Lifespan: created by schedule, gone after lower.
  }];
  let assemblyFormat = "attr-dict";
}

#endif // MOE_DIALECTS_RT
