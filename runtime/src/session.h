//===- session.h - running a module ----------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "arena.h"
#include "module.h"
#include "program.h"
#include "states.h"
#include <atomic>

namespace moert {

class Session {
public:
  static Status create(std::shared_ptr<Module> module, const moert_session_options &options, std::unique_ptr<Session> &session);

  /// moert_session_run.
  Status run(int32_t entry, const moert_tensor *inputs, int32_t numInputs, moert_tensor *outputs, int32_t numOutputs);
  /// Takes an output of the last run out of the session; false where `data` is none.
  bool detach(const void *data);

  /// moert_session_observe_routing.
  void observeRouting(moert_routing_observer observer, void *user);
  /// moert_session_reset and moert_session_fork.
  Status reset();
  Status fork(std::unique_ptr<Session> &copy);

  int32_t threads() const { return device->table.threads(device->instance); }

  std::shared_ptr<Arena> arena;
  int64_t runs = 0;

private:
  struct Call;
  Session(std::shared_ptr<Module> module, std::shared_ptr<Device> device);
  /// Gives the device the target's code for it, where there is some.
  Status loadProgram();
  Status runEntry(const Module::LoadedEntry &entry, const moert_tensor *inputs, moert_tensor *outputs);
  void dropResults();

  std::shared_ptr<Module> module;
  std::shared_ptr<Device> device;
  std::unique_ptr<Program> program;
  moert_api api;
  moert_routing_observer observer = nullptr;
  void *observerUser = nullptr;
  States states;
  std::vector<void *> results; ///< memory of outputs that the session still owns
  std::atomic<bool> busy = false;
  alignas(64) char sink[4096] = {}; ///< what `allocate` gives once a call has failed
};

} // namespace moert
