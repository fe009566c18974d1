//===- capi.cpp - the C API ---------------------------------------------------------------------------------------===//
#include "host_ops.h"
#include "isa.h"
#include "session.h"
#include <algorithm>
#include <new>

using namespace moert;

struct moert_session {
  std::unique_ptr<Session> session;
};

struct moert_buffer {
  std::shared_ptr<Arena> arena;
  void *data;
};

/// What is handed out where there is no memory for a status.
static moert_status noMemory{MOERT_OUT_OF_MEMORY, "out of memory"};

/// Runs `body`; no exception leaves the library.
template <typename Body> static moert_status *guarded(Body body) noexcept {
  try {
    return body().release();
  } catch (const std::bad_alloc &) {
    return &noMemory;
  } catch (const std::exception &error) {
    return Status(MOERT_INTERNAL, error.what()).release();
  }
}

//===- status -------------------------------------------------------------------------------------------------------===//

moert_code moert_status_code(const moert_status *status) { return status ? status->code : MOERT_OK; }
const char *moert_status_message(const moert_status *status) { return status ? status->message.c_str() : ""; }
void moert_status_free(moert_status *status) {
  if (status != &noMemory)
    delete status;
}

//===- modules ------------------------------------------------------------------------------------------------------===//

moert_status *moert_module_load(const char *path, const moert_module_options *options, moert_module **module) {
  return guarded([&]() -> Status {
    if (!path || !module)
      return fail(MOERT_INVALID_ARGUMENT, "moert_module_load: path or module is null");
    auto result = std::make_unique<moert_module>();
    if (Status status = Module::load(path, options ? *options : moert_module_options{}, result->module))
      return status;
    *module = result.release();
    return {};
  });
}

void moert_module_free(moert_module *module) { delete module; }

int32_t moert_module_num_targets(const moert_module *module) { return int32_t(module->module->manifest.targets.size()); }
const char *moert_module_target(const moert_module *module, int32_t index) {
  auto &targets = module->module->manifest.targets;
  return size_t(index) < targets.size() ? targets[index].name.c_str() : nullptr;
}
const char *moert_module_chosen_target(const moert_module *module) { return module->module->target->name.c_str(); }
const char *moert_module_chosen_isa(const moert_module *module) { return module->module->isa.c_str(); }
int64_t moert_module_weight_bytes(const moert_module *module) { return module->module->weightBytes; }

int32_t moert_module_num_entries(const moert_module *module) { return int32_t(module->module->entries.size()); }
const char *moert_module_entry(const moert_module *module, int32_t entry) {
  auto &entries = module->module->manifest.entries;
  return size_t(entry) < entries.size() ? entries[entry].name.c_str() : nullptr;
}
int32_t moert_module_find_entry(const moert_module *module, const char *name) {
  auto &entries = module->module->manifest.entries;
  for (size_t i = 0; name && i < entries.size(); ++i)
    if (entries[i].name == name)
      return int32_t(i);
  return -1;
}

/// The inputs or outputs of an entry; null where there is no such entry.
static const std::vector<moert_value_info> *values(const moert_module *module, int32_t entry, std::vector<moert_value_info> Module::LoadedEntry::*which) {
  auto &entries = module->module->entries;
  return size_t(entry) < entries.size() ? &((*entries[entry]).*which) : nullptr;
}
static const moert_value_info *at(const std::vector<moert_value_info> *list, int32_t index) {
  return list && size_t(index) < list->size() ? &(*list)[index] : nullptr;
}

int32_t moert_module_num_inputs(const moert_module *module, int32_t entry) {
  auto *list = values(module, entry, &Module::LoadedEntry::inputs);
  return list ? int32_t(list->size()) : 0;
}
int32_t moert_module_num_outputs(const moert_module *module, int32_t entry) {
  auto *list = values(module, entry, &Module::LoadedEntry::outputs);
  return list ? int32_t(list->size()) : 0;
}
const moert_value_info *moert_module_input(const moert_module *module, int32_t entry, int32_t index) {
  return at(values(module, entry, &Module::LoadedEntry::inputs), index);
}
const moert_value_info *moert_module_output(const moert_module *module, int32_t entry, int32_t index) {
  return at(values(module, entry, &Module::LoadedEntry::outputs), index);
}

moert_status *moert_module_input_lengths(const moert_module *module, int32_t entry, const char *const *symbols, const int64_t *values, int32_t count,
                                         int64_t *lengths) {
  return guarded([&]() -> Status {
    if (!module || size_t(entry) >= module->module->entries.size() || (count && (!symbols || !values)) || !lengths)
      return fail(MOERT_INVALID_ARGUMENT, "moert_module_input_lengths: an argument is null or there is no entry ", entry);
    std::vector<std::pair<std::string_view, int64_t>> given;
    for (int32_t i = 0; i < count; ++i)
      given.emplace_back(symbols[i], values[i]);
    std::vector<int64_t> result;
    if (Status status = module->module->entries[entry]->rules.inputLengths(given, result))
      return status;
    std::copy(result.begin(), result.end(), lengths);
    return {};
  });
}

int32_t moert_module_num_states(const moert_module *module) { return int32_t(module->module->states.size()); }
const moert_value_info *moert_module_state(const moert_module *module, int32_t index) { return at(&module->module->states, index); }

const char *moert_machine_isa() { return machineIsa(); }

//===- sessions -----------------------------------------------------------------------------------------------------===//

moert_status *moert_session_create(moert_module *module, const moert_session_options *options, moert_session **session) {
  return guarded([&]() -> Status {
    if (!module || !session)
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_create: module or session is null");
    auto result = std::make_unique<moert_session>();
    if (Status status = Session::create(module->module, options ? *options : moert_session_options{}, result->session))
      return status;
    *session = result.release();
    return {};
  });
}

void moert_session_free(moert_session *session) { delete session; }

moert_status *moert_session_run(moert_session *session, int32_t entry, const moert_tensor *inputs, int32_t numInputs, moert_tensor *outputs,
                                int32_t numOutputs) {
  return guarded([&]() -> Status {
    if (!session || (numInputs && !inputs) || (numOutputs && !outputs))
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_run: session, inputs or outputs is null");
    return session->session->run(entry, inputs, numInputs, outputs, numOutputs);
  });
}

moert_status *moert_session_reset(moert_session *session) {
  return guarded([&]() -> Status {
    if (!session)
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_reset: session is null");
    return session->session->reset();
  });
}

moert_status *moert_session_fork(moert_session *session, moert_session **copy) {
  return guarded([&]() -> Status {
    if (!session || !copy)
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_fork: session or copy is null");
    auto result = std::make_unique<moert_session>();
    if (Status status = session->session->fork(result->session))
      return status;
    *copy = result.release();
    return {};
  });
}

void moert_session_get_stats(const moert_session *session, moert_session_stats *stats) {
  const Session &self = *session->session;
  *stats = {self.runs, self.arena->liveBytes(), self.arena->peakBytes(), self.arena->reservedBytes(), self.threads()};
}

moert_status *moert_session_detach(moert_session *session, const void *data, moert_buffer **buffer) {
  return guarded([&]() -> Status {
    if (!session || !buffer)
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_detach: session or buffer is null");
    auto result = std::make_unique<moert_buffer>(moert_buffer{session->session->arena, const_cast<void *>(data)});
    if (!session->session->detach(data))
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_detach: the address is no output of the last run");
    *buffer = result.release();
    return {};
  });
}

moert_status *moert_session_observe_routing(moert_session *session, moert_routing_observer observer, void *user) {
  return guarded([&]() -> Status {
    if (!session)
      return fail(MOERT_INVALID_ARGUMENT, "moert_session_observe_routing: session is null");
    session->session->observeRouting(observer, user);
    return {};
  });
}

void *moert_buffer_data(const moert_buffer *buffer) { return buffer->data; }

void moert_buffer_free(moert_buffer *buffer) {
  if (!buffer)
    return;
  buffer->arena->releaseLater(buffer->data);
  delete buffer;
}

moert_status *moert_register_op(const char *name, moert_op op, void *user) {
  return guarded([&] { return registerHostOp(name, op, user); });
}
