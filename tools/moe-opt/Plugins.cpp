//===- Plugins.cpp - passes and dialects from shared libraries --------------------------------------------------===//
#include "Plugins.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

namespace moe {

/// The value of the option `name` at `place`, which moves to the option's last argument; nullopt for other arguments.
static std::optional<llvm::StringRef> valueOf(llvm::StringRef name, llvm::ArrayRef<char *> arguments, size_t &place) {
  llvm::StringRef argument = arguments[place];
  if (!argument.consume_front("-"))
    return std::nullopt;
  argument.consume_front("-");
  if (!argument.consume_front(name))
    return std::nullopt;
  if (argument.consume_front("="))
    return argument;
  if (!argument.empty() || place + 1 == arguments.size())
    return std::nullopt;
  return llvm::StringRef(arguments[++place]);
}

llvm::Error loadPlugins(std::vector<char *> &arguments, mlir::DialectRegistry &registry) {
  std::vector<char *> rest;
  for (size_t place = 0; place < arguments.size(); ++place) {
    if (auto path = valueOf("load-pass-plugin", arguments, place)) {
      auto plugin = mlir::PassPlugin::load(path->str());
      if (!plugin)
        return plugin.takeError();
      plugin->registerPassRegistryCallbacks();
    } else if (auto path = valueOf("load-dialect-plugin", arguments, place)) {
      auto plugin = mlir::DialectPlugin::load(path->str());
      if (!plugin)
        return plugin.takeError();
      plugin->registerDialectRegistryCallbacks(registry);
    } else {
      rest.push_back(arguments[place]);
    }
  }
  arguments = std::move(rest);
  return llvm::Error::success();
}

} // namespace moe
