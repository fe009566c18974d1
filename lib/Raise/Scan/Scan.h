//===- Scan.h - recurrences ----------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"

namespace moe::raise {

/// A concatenation or a chain of scatters that collects what the steps of a loop give, the loop written once per step, becomes the result of
/// an ONNX Scan; true where it did. The Scan runs as many steps as the graph has; with `anyLength` as many as the tensors that the steps read
/// have places, where the steps allow it, and types behind it are those of the graph still.
bool rerollSteps(View &view, onnx::NodeOp collector, bool anyLength);

/// An ONNX Scan whose body is a linear recurrence becomes a moe.scan; true where it did.
bool raiseScan(View &view, onnx::NodeOp scan);

/// Nodes that work tokens off in chunks, from the tensors that are cut to `node`, which puts the chunks together again, become a moe.scan; true where
/// they did. What they compute is found out by running them. Where they serve one number of chunks only, so does the scan, but with `anyLength` any.
bool raiseChunkedScan(View &view, onnx::NodeOp node, bool anyLength);

} // namespace moe::raise
