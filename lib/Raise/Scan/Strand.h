//===- Strand.h - what stands at one place of every step of an unrolled loop --------------------------*- C++ -*-===//
//
// Exporters that trace a loop over time write its body once per step:
//     h0 = a[:,0] * init + b[:,0]     h1 = a[:,1] * h0 + b[:,1]     h2 = a[:,2] * h1 + b[:,2]     y = concat(h0, h1, h2)
// A strand is a value of the body in all steps at once. Found from the strand (h0, h1, h2) down, operand by operand:
//     (a[:,0], a[:,1], a[:,2])        reads of one tensor at the steps' places
//     (init, h0, h1)                  carried: what the strand (h0, h1, h2) was one step before, init at first
// So the steps are equal but for the places that they read, whatever the body computes.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/Onnx.h"
#include <deque>
#include <map>

namespace moe::raise {

struct Strand {
  enum class Kind {
    Invariant, ///< one value, the same in every step
    Table,     ///< constants
    Read,      ///< `source` at `places` of `axis`
    Carried,   ///< `values[0]` in the first step, then what `next` was one step before
    Node,      ///< an operator on strands
  };
  Kind kind;
  llvm::SmallVector<mlir::Value> values; ///< step by step; the last step's is absent where nothing needs it
  mlir::Value source;
  int64_t axis = 0;
  bool keepsAxis = false; ///< Read: the axis stays, of length 1
  llvm::SmallVector<int64_t> places;
  Strand *next = nullptr;
  llvm::SmallVector<Strand *> operands;
  bool depends = false; ///< on a carried strand

  mlir::Value first() const { return values.front(); }
  onnx::NodeOp node() const { return first().getDefiningOp<onnx::NodeOp>(); }
};

/// Finds the strands of a loop of `steps` steps.
class StrandFinder {
public:
  StrandFinder(const ShapeAnalysis &shapes, size_t steps) : shapes(shapes), steps(steps) {}

  /// The strand of these values; null where the steps differ.
  Strand *find(llvm::ArrayRef<mlir::Value> values);
  /// Settles which strands depend on carried ones; once, after find. False where what one becomes has another shape, and where none becomes
  /// what depends on one: that is no recurrence.
  bool close();
  /// The strand's value in the last step, which the graph may compute although the loop's results do not need it; null where it does not.
  mlir::Value last(Strand *strand) const;

  /// True where step t reads place t and no constant of its own, so that the body does not depend on the number of steps.
  bool readsInOrder() const;
  /// The values from outside that the steps read.
  llvm::SmallVector<mlir::Value> inputs() const;

  const ShapeAnalysis &shapes;
  const size_t steps;
  std::vector<Strand *> carried;

private:
  Strand *visit(llvm::ArrayRef<mlir::Value> values);
  Strand *make(Strand::Kind kind, llvm::ArrayRef<mlir::Value> values);
  Strand *known(llvm::ArrayRef<mlir::Value> values) const;
  Strand *visitRead(llvm::ArrayRef<mlir::Value> values);
  /// `next` may be found later.
  Strand *makeCarried(llvm::ArrayRef<mlir::Value> values, Strand *next);

  std::deque<Strand> strands;
  std::map<void *, std::vector<Strand *>> byFirst;
};

} // namespace moe::raise
