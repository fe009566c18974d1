//===- module.cpp - a loaded artefact ---------------------------------------------------------------------------===//
#include "module.h"
#include "devices.h"
#include "isa.h"
#include <cerrno>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace moert {

//===- code -----------------------------------------------------------------------------------------------------===//

Code::~Code() {
  if (handle)
    ::dlclose(handle);
}

static int createCodeMemory() {
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif
  int fd = ::memfd_create("moe-code", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // Kernels before 6.3 do not know MFD_EXEC; their files are executable without it.
  return fd >= 0 || errno != EINVAL ? fd : ::memfd_create("moe-code", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

Status Code::load(std::string_view bytes, const std::string &name) {
  // Why not dlopen the file itself: it could change after its digest was checked, and two modules of one artefact would share the
  // variables that hold the choice of instruction set. The descriptor stays open while the code is loaded, because the linker would
  // take another file of the same name (/proc/PID/fd/N) for this one.
  memory = Descriptor(createCodeMemory());
  if (memory.get() < 0)
    return fail(MOERT_IO, "cannot create memory for the code in ", name, ": ", systemError(errno));
  for (size_t done = 0; done < bytes.size();) {
    ssize_t count = ::write(memory.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fail(errno == ENOSPC || errno == ENOMEM ? MOERT_OUT_OF_MEMORY : MOERT_IO, "cannot copy ", name, ": ", systemError(errno));
    done += size_t(count);
  }
  ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  // The code calls the C library's mathematical functions; a host program need not have them among its global symbols.
  static void *const math = ::dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL);
  std::string path = text("/proc/", ::getpid(), "/fd/", memory.get());
  handle = math ? ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (!handle)
    return fail(MOERT_INVALID_ARTEFACT, "cannot load ", name, ": ", ::dlerror());
  return {};
}

void *Code::symbol(const std::string &name) const { return ::dlsym(handle, name.c_str()); }

//===- module ---------------------------------------------------------------------------------------------------===//

Status Module::openFiles(const std::string &path) {
  Descriptor folder;
  if (Status status = openFolder(path, folder))
    return status;
  MappedFile text;
  if (Status status = MappedFile::open(folder, "manifest.json", text))
    return status;
  if (Status status = parseManifest(text.bytes(), manifest))
    return status;
  for (auto &[name, record] : manifest.files) {
    MappedFile &file = files[name];
    if (Status status = MappedFile::open(folder, name, file))
      return status;
    if (file.size() != record.bytes)
      return fail(MOERT_INVALID_ARTEFACT, name, " has ", file.size(), " bytes, the manifest says ", record.bytes);
    if (digest(file.bytes()) != record.digest)
      return fail(MOERT_INVALID_ARTEFACT, name, " does not have the content that was written: its digest differs");
  }
  return {};
}

Status Module::chooseTarget(const moert_module_options &options) {
  std::string names;
  for (const Target &candidate : manifest.targets) {
    names += (names.empty() ? "" : ", ") + candidate.name;
    if (target || (options.target && candidate.name != options.target && candidate.device != options.target))
      continue;
    if (deviceNamed(candidate.device))
      target = &candidate;
    else if (options.target)
      return fail(MOERT_UNSUPPORTED, "target '", candidate.name, "': this build of the runtime has no device '", candidate.device, "'");
  }
  if (!target)
    return fail(options.target ? MOERT_INVALID_ARGUMENT : MOERT_UNSUPPORTED, options.target ? text("there is no target '", options.target, "'") : "no target of the artefact runs here",
                "; the artefact has: ", names);
  for (int32_t place : target->params) {
    const Param &param = manifest.params[size_t(place)];
    params.push_back(const_cast<char *>(files[param.file].data() + param.offset));
    weightBytes += param.length;
  }
  return chooseIsa(target->isas, options.isa, isaLevel, isa);
}

Status Module::loadCode() {
  if (Status status = code.load(files[target->code].bytes(), target->code))
    return status;
  auto *version = static_cast<const int32_t *>(code.symbol("moe_abi_version"));
  if (!version)
    return fail(MOERT_INVALID_ARTEFACT, target->code, " does not say which ABI it is for");
  if (*version != MOERT_ABI_VERSION)
    return fail(MOERT_INVALID_ARTEFACT, target->code, " is for runtime ABI ", *version, ", this runtime has ABI ", MOERT_ABI_VERSION,
                "; compile the model again");
  auto select = reinterpret_cast<moert_select>(code.symbol("moe_select_isa"));
  if (!select)
    return fail(MOERT_INVALID_ARTEFACT, target->code, " has no moe_select_isa");
  select(isaLevel);
  for (const Entry &entry : manifest.entries) {
    entries.push_back(std::make_unique<LoadedEntry>(entry, manifest.states));
    entries.back()->code = reinterpret_cast<moert_entry>(code.symbol("moe_entry_" + entry.name));
    if (!entries.back()->code)
      return fail(MOERT_INVALID_ARTEFACT, target->code, " has no code for entry '", entry.name, "'");
  }
  return {};
}

void Module::describeEntries() {
  auto describe = [&](const Value &value) {
    std::vector<const char *> &texts = expressionTexts.emplace_back();
    for (const std::string &expression : value.expressions)
      texts.push_back(expression.c_str());
    return moert_value_info{value.name.c_str(), value.type, int32_t(value.dims.size()), value.dims.data(), texts.data()};
  };
  for (const StateInfo &state : manifest.states)
    states.push_back(describe(state.value));
  for (size_t i = 0; i < entries.size(); ++i) {
    for (const Value &value : manifest.entries[i].inputs)
      entries[i]->inputs.push_back(describe(value));
    for (const Value &value : manifest.entries[i].outputs)
      entries[i]->outputs.push_back(describe(value));
  }
}

Status Module::load(const std::string &path, const moert_module_options &options, std::shared_ptr<Module> &module) {
  auto result = std::make_shared<Module>();
  Status status = result->openFiles(path);
  if (!status)
    status = result->chooseTarget(options);
  if (!status)
    status = result->loadCode();
  if (status)
    return fail(status.code(), path, ": ", status.message());
  result->describeEntries();
  module = std::move(result);
  return {};
}

} // namespace moert
