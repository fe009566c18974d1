//===- ExportOnnx.cpp - a module as an ONNX file ----------------------------------------------------------------===//
#include "moe/Export/Onnx.h"
#include "FoldedWeights.h"
#include "GraphWriter.h"
#include "Opset.h"
#include "moe/Schema/Convert.h"
#include "moe/Support/Bytes.h"
#include "moe/Support/Pending.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/Path.h"
#include "onnx/defs/schema.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <set>

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kPage = 4096; ///< weights begin on a page, so that a runtime may map them

/// The oldest version of the file format that has the opset.
int64_t formatOf(int64_t opset) {
  static const std::map<int64_t, int64_t> oldest = {{28, 14}, {25, 13}, {24, 12}, {23, 11}, {21, 10}, {19, 9}, {15, 8}};
  for (auto entry = oldest.rbegin(); entry != oldest.rend(); ++entry)
    if (opset >= entry->first)
      return entry->second;
  return 7;
}

class Exporter {
public:
  Exporter(ModuleOp module, StringRef path) : module(module), model(path), data(path.str() + ".data") {}

  LogicalResult run() {
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    if (functions.size() != 1)
      return module.emitError("an ONNX file holds one graph; the module has ") << functions.size() << " functions";
    if (failed(opsets(functions.front())) || failed(graph.write(functions.front(), *proto.mutable_graph())) || failed(weights()))
      return failure();
    proto.set_producer_name("moe-opt");
    auto whole = [&](llvm::raw_fd_ostream &file) { return file << proto.SerializeAsString(), success(); };
    return success(succeeded(write(model, whole)) && (!hasData || succeeded(commit(data))) && succeeded(commit(model)));
  }

private:
  LogicalResult fail(const Pending &file, std::error_code error) {
    return module.emitError("cannot write ") << file.target() << ": " << error.message();
  }

  /// Calls `body` on the open file.
  LogicalResult write(const Pending &pending, llvm::function_ref<LogicalResult(llvm::raw_fd_ostream &)> body) {
    std::error_code error;
    llvm::raw_fd_ostream file(pending.path(), error);
    if (error)
      return fail(pending, error);
    LogicalResult written = body(file);
    file.close();
    error = file.error();
    file.clear_error();
    return error ? fail(pending, error) : written;
  }

  LogicalResult commit(Pending &pending) {
    std::error_code error = pending.commit();
    return error ? fail(pending, error) : success();
  }

  LogicalResult opsets(func::FuncOp function) {
    std::map<std::string, int64_t> versions;
    if (auto own = module->getAttrOfType<DictionaryAttr>(onnx::kOpsetsAttr))
      for (NamedAttribute version : own)
        versions[version.getName() == "ai.onnx" ? "" : version.getName().str()] = cast<IntegerAttr>(version.getValue()).getInt();
    versions[""] = commonOpset(function, versions[""]);
    std::set<std::string> used = {""};
    bool good = true;
    function.walk([&](onnx::NodeOp node) {
      used.insert(node.getDomain().str());
      versions.try_emplace(node.getDomain().str(), node.getVersion());
      good = good && succeeded(lift(node, versions[""]));
    });
    for (auto &[domain, version] : versions) {
      if (!used.count(domain))
        continue;
      auto *import = proto.add_opset_import();
      import->set_domain(domain);
      import->set_version(version);
    }
    proto.set_ir_version(formatOf(versions[""]));
    return success(good);
  }

  LogicalResult weights() {
    FoldedWeights folded(module);
    if (graph.weights().empty())
      return success();
    hasData = true;
    if (failed(folded.prepare()))
      return failure();
    SymbolTable symbols(module);
    std::string file = llvm::sys::path::filename(data.target()).str();
    return write(data, [&](llvm::raw_fd_ostream &out) {
      return success(llvm::all_of(graph.weights(), [&](auto &weight) {
        auto param = symbols.lookup<ParamOp>(weight.first);
        out.write_zeros(unsigned((kPage - out.tell() % kPage) % kPage));
        int64_t start = out.tell();
        if (failed(folded.write(param, out)))
          return false;
        initializer(param, weight.second, file, start, int64_t(out.tell()) - start);
        return true;
      }));
    });
  }

  void initializer(ParamOp param, const std::string &name, const std::string &file, int64_t start, int64_t length) {
    auto *tensor = proto.mutable_graph()->add_initializer();
    auto type = cast<RankedTensorType>(param.getType());
    tensor->set_name(name);
    tensor->set_data_type(schema::elementCode(type.getElementType()));
    for (int64_t size : type.getShape())
      tensor->add_dims(size);
    tensor->set_data_location(::onnx::TensorProto::EXTERNAL);
    auto entry = [&](const char *key, const std::string &value) {
      auto *pair = tensor->add_external_data();
      pair->set_key(key);
      pair->set_value(value);
    };
    entry("location", file);
    entry("offset", std::to_string(start));
    entry("length", std::to_string(length));
  }

  ModuleOp module;
  ::onnx::ModelProto proto;
  GraphWriter graph;
  Pending model, data;
  bool hasData = false;
};

} // namespace

LogicalResult exportOnnx(ModuleOp module, StringRef path) { return Exporter(module, path).run(); }

} // namespace moe
