//===- RaiseScan.cpp - from an ONNX Scan to a moe.scan ----------------------------------------------------------===//
#include "Scan.h"
#include "ScanMaker.h"

using namespace mlir;

namespace moe::raise {

bool raiseScan(View &view, onnx::NodeOp scan) {
  auto recurrence = recurrenceOf(view, scan);
  if (!recurrence)
    return false;
  NodeMaker make(OpBuilder(scan), scan.getLoc(), view.shapes);
  return raiseLinearScan(view, make, *recurrence) || raiseNormalizedScan(view, make, *recurrence);
}

} // namespace moe::raise
