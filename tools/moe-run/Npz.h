//===- Npz.h - numpy's archives of arrays -----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Array.h"
#include <functional>

namespace moerun {

/// The type that the array of a name is wanted as; asked where the file itself does not say (numpy has no bfloat16).
using WantedType = std::function<moert_type(const std::string &name)>;

/// All arrays of a zip file, stored or deflated; a member NAME.npy is the array NAME.
NamedArrays readNpz(const std::string &path, const WantedType &wanted);

/// Writes tensors as numpy.savez does, beside the final name first, so that nobody sees half a file.
void writeNpz(const std::string &path, const std::vector<std::pair<std::string, moert_tensor>> &tensors);

} // namespace moerun
