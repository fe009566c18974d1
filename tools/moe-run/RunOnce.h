//===- RunOnce.h - inputs from files, outputs to files ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "Model.h"

namespace moerun {

/// Runs the model on arrays from files: each of `inputs` is FILE.npz or NAME=FILE.npy. Every input must be given exactly once. Results go
/// to `output`: a file .npz, or a folder that gets one NAME.npy each (a slash in a name becomes %2F, a percent sign %25); without it,
/// their types and shapes are printed.
void runOnce(Model &model, const std::vector<std::string> &inputs, const std::string &output);

} // namespace moerun
