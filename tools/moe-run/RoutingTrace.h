//===- RoutingTrace.h - which experts the tokens went to ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Model.h"

namespace moerun {

/// How runs route their tokens.
///
/// As a file it is JSON, one line for each run:
/// ```
/// {"format": "moe-routing", "version": 1,
///  "layers": [{"experts": 8, "slots": 2}, {"experts": 8, "slots": 2}],
///  "runs": [
/// [[3,1,0,7],[2,5,2,6]],
/// [[3,0],[2,-1]]]}
/// ```
/// `layers` are the expert layers in the order in which a run comes to them. A run has a list for each of them: the experts of its first
/// token, `slots` numbers from 0 to experts - 1 or -1 for none, then those of the next token. Above, a run of two tokens, then one of one.
class RoutingTrace {
public:
  struct Layer {
    int64_t experts, slots;
    std::vector<int64_t> use; ///< how often each expert was chosen
    int64_t expertBytes = 0;  ///< weights that an expert reads
  };

  /// `keepRuns`: for write(), else only the sums are kept.
  explicit RoutingTrace(bool keepRuns) : keepRuns(keepRuns) {}

  /// The next expert layer of a run; layer 0 begins a run.
  void add(const moert_routing &routing);

  /// The bytes of weights of experts that no token went to.
  int64_t unreadBytes() const;

  const std::vector<Layer> &layers() const { return theLayers; }
  /// Throws Failure where the file cannot be written, and where runs came to different layers, which it cannot hold.
  void write(const std::string &path) const;

private:
  bool keepRuns;
  std::vector<Layer> theLayers;
  std::vector<std::vector<std::vector<int32_t>>> runs; ///< of each run and layer, the experts of all tokens
  bool uniform = true;                                 ///< all runs came to the same layers
};

/// Adds the routing of the model's runs from now on to the trace, which must outlive them.
void observeRouting(Model &model, RoutingTrace &trace);

} // namespace moerun
