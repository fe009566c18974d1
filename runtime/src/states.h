//===- states.h - what a session keeps from run to run --------------------------------------------------*- C++ -*-===//
#pragma once

#include "arena.h"
#include "manifest.h"
#include "status.h"
#include <functional>

namespace moert {

/// The states of a session. A run works on the states as the last good run left them; what it changes counts once it ends well. Memory that
/// a run has seen stays until the run has ended.
class States {
public:
  /// `settle` waits until kernels have left memory alone.
  States(const std::vector<StateInfo> &infos, std::shared_ptr<Arena> arena, std::function<Status()> settle)
      : infos(infos), arena(std::move(arena)), settle(std::move(settle)), kept(infos.size()), now(infos.size()) {}
  States(const States &) = delete;
  ~States() { reset(); }

  /// moert_api.state and moert_api.set_state.
  Status state(int32_t index, bool append, int64_t *lengths, int64_t *room, void **memory);
  Status set(int32_t index, void *data, const int64_t *lengths);

  /// The run has ended.
  void end(bool well);
  /// All states are fresh again.
  void reset();
  /// Becomes a copy of the states of another session of the same module.
  Status copy(const States &other);

  /// The lengths of every state: -1 where a fresh one has none yet.
  std::vector<std::vector<int64_t>> lengths() const;

private:
  struct State {
    void *memory = nullptr; ///< null: fresh
    std::vector<int64_t> lengths;
    int64_t room = 0; ///< of the axis that grows
  };

  Status allocate(int64_t bytes, void **memory);
  Status reserve(const StateInfo &info, State &state, int64_t length);
  Status checkLengths(const StateInfo &info, const State &state, const int64_t *lengths) const;

  const std::vector<StateInfo> &infos;
  std::shared_ptr<Arena> arena;
  std::function<Status()> settle;
  std::vector<State> kept, now; ///< after the last good run, and in this one
  std::vector<void *> retired;  ///< memory that this run has made and outgrown
};

} // namespace moert
