//===- session.cpp - running a module -----------------------------------------------------------------------------===//
#include "session.h"
#include "devices.h"
#include "host_ops.h"
#include "types.h"
#include <algorithm>
#include <cstring>
#include <new>

namespace moert {

//===- what compiled code calls -----------------------------------------------------------------------------------===//

/// A run under way.
struct Session::Call : moert_call {
  Session &session;
  const Module::LoadedEntry &entry;
  moert_tensor *outputs;
  std::vector<bool> given;          ///< outputs that arrived
  std::vector<int32_t> ids;         ///< that the observer of the routing is shown
  int32_t expertLayers = 0;         ///< that it has been shown
  std::atomic<bool> hasFailed = false;
  moert_code code = MOERT_OK;
  std::string message;

  Call(Session &session, const Module::LoadedEntry &entry, moert_tensor *outputs)
      : moert_call{&session.api, 0, session.device->instance}, session(session), entry(entry), outputs(outputs),
        given(entry.outputs.size()) {}

  static Call &of(moert_call *call) { return *static_cast<Call *>(call); }

  /// The first failure wins; any thread.
  void failWith(moert_code reason, std::string why) {
    if (hasFailed.exchange(true))
      return;
    code = reason;
    message = std::move(why);
    __atomic_store_n(&failed, 1, __ATOMIC_RELEASE);
  }

  /// Runs `body`: compiled code has no way to pass an exception on.
  template <typename Body> void guarded(Body body) noexcept {
    try {
      body();
    } catch (const std::bad_alloc &) {
      failWith(MOERT_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &error) {
      failWith(MOERT_INTERNAL, error.what());
    }
  }

  static void *allocate(moert_call *call, int64_t bytes) {
    Call &self = of(call);
    void *memory = nullptr;
    if (!self.failed && bytes >= 0)
      self.guarded([&] { memory = self.session.arena->allocate(bytes); });
    if (memory)
      return memory;
    if (bytes < 0)
      self.failWith(MOERT_INVALID_ARGUMENT, "the model computed a tensor with a negative or too large size");
    else
      self.failWith(MOERT_OUT_OF_MEMORY, text("no memory for a tensor of ", bytes, " bytes"));
    return self.session.sink;
  }

  static void release(moert_call *call, void *memory) {
    Call &self = of(call);
    if (memory != self.session.sink && !self.session.arena->release(memory))
      self.failWith(MOERT_INTERNAL, "the code released memory that it does not have");
  }

  static void *param(moert_call *call, int32_t index) {
    Call &self = of(call);
    const std::vector<void *> &params = self.session.module->params;
    if (size_t(index) < params.size())
      return params[index];
    self.failWith(MOERT_INTERNAL, text("the code asks for weight ", index, " of ", params.size()));
    return self.session.sink;
  }

  static void fail(moert_call *call, const char *message) { of(call).failWith(MOERT_INVALID_ARGUMENT, message); }

  static void output(moert_call *call, int32_t index, void *data, int32_t rank, const int64_t *dims) {
    of(call).guarded([&] { of(call).takeOutput(index, data, rank, dims); });
  }

  static void hostOp(moert_call *call, const char *name, const char *attributes, int32_t numInputs, const moert_value *inputs,
                     int32_t numOutputs, moert_value *outputs) {
    Call &self = of(call);
    auto memory = [&](int64_t bytes) -> void * {
      void *result = allocate(call, bytes);
      return self.failed ? nullptr : result;
    };
    for (int32_t i = 0; i < numOutputs; ++i)
      outputs[i].data = self.session.sink;
    self.settle();
    self.guarded([&] {
      if (Status status = runHostOp(name, attributes, numInputs, inputs, numOutputs, outputs, memory))
        self.failWith(status.code(), status.message());
    });
  }

  /// `routed` of a session that nobody observes.
  static void ignoreRouting(moert_call *, const void *, int32_t, int64_t, int64_t, int64_t, int64_t) {}

  static void observeRouting(moert_call *call, const void *ids, int32_t idBytes, int64_t tokens, int64_t slots, int64_t experts,
                             int64_t expertBytes) {
    Call &self = of(call);
    self.settle();
    if (self.failed)
      return;
    self.guarded([&] {
      self.ids.resize(size_t(tokens * slots));
      for (size_t i = 0; i < self.ids.size(); ++i) {
        int64_t id = idBytes == 8 ? static_cast<const int64_t *>(ids)[i] : static_cast<const int32_t *>(ids)[i];
        self.ids[i] = id >= 0 && id < experts ? int32_t(id) : -1;
      }
      moert_routing routing{self.expertLayers++, int32_t(experts), tokens, slots, self.ids.data(), expertBytes};
      self.session.observer(self.session.observerUser, &routing);
    });
  }

  static void *state(moert_call *call, int32_t index, int32_t append, int64_t *lengths, int64_t *room) {
    Call &self = of(call);
    void *memory = nullptr;
    if (!self.failed)
      self.guarded([&] {
        if (Status status = self.session.states.state(index, append, lengths, room, &memory))
          self.failWith(status.code(), status.message());
      });
    if (memory && !self.failed)
      return memory;
    if (size_t(index) < self.session.module->manifest.states.size()) // nothing can be read or written
      std::fill_n(lengths, self.session.module->manifest.states[index].value.dims.size(), 0);
    *room = 0;
    return self.session.sink;
  }

  static void setState(moert_call *call, int32_t index, void *data, const int64_t *lengths) {
    Call &self = of(call);
    if (!self.failed)
      self.guarded([&] {
        if (Status status = self.session.states.set(index, data, lengths))
          self.failWith(status.code(), status.message());
      });
  }

  static void launch(moert_call *call, int32_t kernel, const moert_grid *grid, const int64_t *args, int32_t count) {
    Call &self = of(call);
    if (self.failed)
      return;
    self.guarded([&] {
      if (!self.session.program)
        return self.failWith(MOERT_INTERNAL, "the code launches a kernel of a device that it has no code for");
      if (Status status = self.session.program->launch(kernel, *grid, args, count))
        self.failWith(status.code(), status.message());
    });
  }

  static void sync(moert_call *call) { of(call).settle(); }

  /// What kernels wrote can be read, and what they read can be written.
  void settle() {
    if (!session.program)
      return;
    guarded([&] {
      if (Status status = session.program->synchronize(session.module->target->messages))
        failWith(status.code(), status.message());
    });
  }

  void takeOutput(int32_t index, void *data, int32_t rank, const int64_t *dims) {
    if (failed)
      return;
    if (size_t(index) >= given.size() || given[index] || size_t(rank) != size_t(entry.outputs[index].rank))
      return failWith(MOERT_INTERNAL, text("the code gave output ", index, " with ", rank, " axes, against the manifest"));
    moert_tensor &result = outputs[index];
    moert_type type = entry.outputs[index].type;
    auto bytes = byteSize(type, dims, rank);
    if (!bytes)
      return failWith(MOERT_INTERNAL, text("output '", entry.outputs[index].name, "' has no valid shape"));
    if (result.data && result.bytes < *bytes)
      return failWith(MOERT_INVALID_ARGUMENT, text("output '", entry.outputs[index].name, "' has ", *bytes, " bytes, the memory given for it has ", result.bytes));
    void *memory = result.data;
    if (!memory) {
      if (session.arena->keep(data)) {
        memory = data;
      } else { // an input, a weight, part of a block, or a block that is another output too
        memory = allocate(this, *bytes);
        if (failed)
          return;
        session.arena->keep(memory);
      }
      session.results.push_back(memory);
    }
    if (memory != data) {
      settle();
      std::memcpy(memory, data, size_t(*bytes));
    }
    result = {memory, *bytes, type, rank, {}};
    std::copy_n(dims, rank, result.dims);
    given[index] = true;
  }
};

//===- session ----------------------------------------------------------------------------------------------------===//

Session::Session(std::shared_ptr<Module> theModule, std::shared_ptr<Device> theDevice)
    : arena(std::make_shared<Arena>(theDevice)), module(std::move(theModule)), device(std::move(theDevice)),
      api{Call::allocate, Call::release, device->table.parallel, Call::param, Call::fail, Call::output, Call::hostOp, Call::ignoreRouting, Call::state, Call::setState,
          Call::launch, Call::sync},
      states(module->manifest.states, arena, [this] { return program ? program->synchronize(module->target->messages) : Status(); }) {}

Status Session::loadProgram() {
  const Target &target = *module->target;
  if (target.deviceCode.empty())
    return {};
  if (!device->table.load)
    return moert::fail(MOERT_INVALID_ARGUMENT, "device '", device->table.name, "' cannot run code for ", target.name, "; leave --device out");
  program = std::make_unique<Program>(device);
  return program->load(*module);
}

Status Session::create(std::shared_ptr<Module> module, const moert_session_options &options, std::unique_ptr<Session> &session) {
  std::string name = options.device ? options.device : module->target->device;
  const moert_device_table *table = deviceNamed(name);
  if (!table)
    return moert::fail(MOERT_INVALID_ARGUMENT, "there is no device '", name, "'");
  if (options.threads < 0)
    return moert::fail(MOERT_INVALID_ARGUMENT, options.threads, " is no number of threads");
  moert_device *instance = nullptr;
  char message[256] = "";
  if (moert_code code = table->open(options.threads, &instance, message, sizeof message))
    return moert::fail(code, "device '", name, "': ", message);
  session.reset(new Session(std::move(module), std::make_shared<Device>(*table, instance)));
  return session->loadProgram();
}

void Session::dropResults() {
  for (void *memory : results)
    arena->release(memory);
  results.clear();
}

void Session::observeRouting(moert_routing_observer theObserver, void *user) {
  observer = theObserver;
  observerUser = user;
  api.routed = observer ? Call::observeRouting : Call::ignoreRouting;
}

Status Session::reset() {
  if (busy.exchange(true, std::memory_order_acquire))
    return moert::fail(MOERT_INVALID_ARGUMENT, "the session is in use by another thread");
  states.reset();
  busy.store(false, std::memory_order_release);
  return {};
}

Status Session::fork(std::unique_ptr<Session> &copy) {
  if (busy.exchange(true, std::memory_order_acquire))
    return moert::fail(MOERT_INVALID_ARGUMENT, "the session is in use by another thread");
  Status status = create(module, {device->table.name, threads()}, copy);
  if (!status)
    status = copy->states.copy(states);
  busy.store(false, std::memory_order_release);
  return status;
}

bool Session::detach(const void *data) {
  auto found = std::find(results.begin(), results.end(), data);
  if (found == results.end())
    return false;
  results.erase(found);
  return true;
}

Status Session::run(int32_t index, const moert_tensor *inputs, int32_t numInputs, moert_tensor *outputs, int32_t numOutputs) {
  if (size_t(index) >= module->entries.size())
    return moert::fail(MOERT_INVALID_ARGUMENT, "there is no entry ", index);
  const Module::LoadedEntry &entry = *module->entries[index];
  if (numOutputs < 0 || size_t(numOutputs) != entry.outputs.size())
    return moert::fail(MOERT_INVALID_ARGUMENT, "entry '", module->manifest.entries[index].name, "' has ", entry.outputs.size(), " outputs, room for ", numOutputs, " was given");
  if (busy.exchange(true, std::memory_order_acquire))
    return moert::fail(MOERT_INVALID_ARGUMENT, "the session is in use by another thread; make one session for each thread");
  for (moert_tensor *output = outputs; output != outputs + numOutputs; ++output)
    if (output->data && std::find(results.begin(), results.end(), output->data) != results.end())
      output->data = nullptr;
  dropResults();
  Status status = entry.rules.check(inputs, numInputs, states.lengths());
  if (!status)
    status = runEntry(entry, inputs, outputs);
  ++runs;
  busy.store(false, std::memory_order_release);
  return status;
}

Status Session::runEntry(const Module::LoadedEntry &entry, const moert_tensor *inputs, moert_tensor *outputs) {
  std::vector<moert_argument> arguments;
  for (size_t i = 0; i < entry.inputs.size(); ++i)
    arguments.push_back({inputs[i].data ? inputs[i].data : sink, inputs[i].dims});
  std::vector<moert_tensor> taken(outputs, outputs + entry.outputs.size());
  Call call(*this, entry, taken.data());
  entry.code(&call, arguments.data());
  call.settle();
  if (!call.failed && std::find(call.given.begin(), call.given.end(), false) != call.given.end())
    call.failWith(MOERT_INTERNAL, "the code did not give all outputs");
  states.end(!call.failed);
  if (call.failed)
    dropResults();
  arena->endRun();
  if (call.failed)
    return Status(call.code, std::move(call.message));
  std::copy(taken.begin(), taken.end(), outputs);
  return {};
}

} // namespace moert
