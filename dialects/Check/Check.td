//===- Check.td - the check dialect: assertions of executed tests -------------------------------------------------===//
#ifndef MOE_DIALECTS_CHECK
#define MOE_DIALECTS_CHECK

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"

def Check_Dialect : Dialect {
  let name = "check";
  let cppNamespace = "::moe::check";
  let summary = "Assertions that make an interpreted test its own judge. Test only.";
}

class Check_Op<string mnemonic, list<Trait> traits = []> : Op<Check_Dialect, mnemonic, traits>;

def Check_ExpectEqOp : Check_Op<"expect_eq"> {
  let summary = "two tensors are equal, element by element";
  let description = [{
    Meaning: fails the interpreter where an element differs; NaN equals NaN.

    ```
    forall i: actual[i] = expected[i]
    ```

    Constraints:
    - (C1) both have one element type, and lengths that may be equal; lengths that differ when it runs fail.

    Example:
    ```mlir
    func.func @main(%a: tensor<2xi64>, %b: tensor<2xi64>) {
      check.expect_eq %a, %b : tensor<2xi64>
      return
    }
    ```

    Lifespan: tests only.
  }];
  let arguments = (ins AnyRankedTensor:$actual, AnyRankedTensor:$expected);
  let assemblyFormat = "$actual `,` $expected attr-dict `:` type($actual) `,` type($expected)";
  let hasVerifier = 1;
}

def Check_ExpectCloseOp : Check_Op<"expect_close"> {
  let summary = "two tensors agree within a tolerance";
  let description = [{
    Meaning: fails the interpreter where an element is further off than the tolerance; NaN equals NaN.

    ```
    forall i: |actual[i] - expected[i]| <= tolerance * max(1, max_j |expected[j]|)      j over the finite elements
    ```
    An infinite element agrees with the same infinity only.

    Constraints:
    - (C1) both have lengths that may be equal; lengths that differ when it runs fail.

    Example:
    ```mlir
    func.func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) {
      check.expect_close %a, %b {tolerance = 1.0e-6 : f64} : tensor<2xf32>, tensor<2xf32>
      return
    }
    ```

    Lifespan: tests only.
  }];
  let arguments = (ins AnyRankedTensor:$actual, AnyRankedTensor:$expected, DefaultValuedAttr<F64Attr, "1.0e-5">:$tolerance);
  let assemblyFormat = "$actual `,` $expected attr-dict `:` type($actual) `,` type($expected)";
  let hasVerifier = 1;
}

#endif // MOE_DIALECTS_CHECK
