//===- CommandLine.cpp - the command line of moe-gen ------------------------------------------------------------===//
#include "CommandLine.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;

namespace moe::gen {
namespace {

cl::OptionCategory category("Models");
cl::opt<std::string> what(cl::Positional, cl::desc("moe"), cl::Required, cl::cat(category));
cl::opt<Form> form("form", cl::desc("how the experts are written:"), cl::init(Form::Sorted), cl::cat(category),
                          cl::values(clEnumValN(Form::Contrib, "contrib", "com.microsoft MoE"), clEnumValN(Form::QMoe, "qmoe", "com.microsoft QMoE"),
                                     clEnumValN(Form::Sorted, "sorted", "sorted by expert, a product per expert (default)"),
                                     clEnumValN(Form::Batched, "batched", "the matrices of each (token, k) gathered"),
                                     clEnumValN(Form::Dense, "dense", "every expert on every token, weights scattered"),
                                     clEnumValN(Form::Masked, "masked", "expert by expert on every token, masked weights"),
                                     clEnumValN(Form::Loop, "loop", "expert by expert on its tokens, found by NonZero"),
                                     clEnumValN(Form::LoopOp, "loop-op", "the same in an ONNX Loop")));
cl::opt<Unit> unit("unit", cl::desc("the experts' unit:"), cl::init(Unit::Silu), cl::cat(category),
                          cl::values(clEnumValN(Unit::Silu, "silu", "silu(gate) * up (default)"), clEnumValN(Unit::Relu, "relu", "relu(up), without gate"),
                                     clEnumValN(Unit::GptOss, "gpt-oss", "clamped swiglu with alpha 1.702, beta 1")));
cl::opt<Router> router("router", cl::desc("the router:"), cl::init(Router::Softmax), cl::cat(category),
                              cl::values(clEnumValN(Router::Softmax, "softmax", "softmax, top-k, renormalised (default)"),
                                         clEnumValN(Router::TopkSoftmax, "topk-softmax", "top-k, softmax over the chosen"),
                                         clEnumValN(Router::Sigmoid, "sigmoid", "sigmoid with a selection bias, renormalised")));
cl::opt<onnx::TensorProto::DataType> type("dtype", cl::desc("the element type:"), cl::init(onnx::TensorProto::FLOAT), cl::cat(category),
                                                 cl::values(clEnumValN(onnx::TensorProto::FLOAT, "f32", "(default)"),
                                                            clEnumValN(onnx::TensorProto::FLOAT16, "f16", ""),
                                                            clEnumValN(onnx::TensorProto::BFLOAT16, "bf16", "")));

cl::opt<int64_t> hidden("hidden", cl::desc("width of a token (64)"), cl::init(64), cl::cat(category));
cl::opt<int64_t> ffn("ffn", cl::desc("width of an expert (96)"), cl::init(96), cl::cat(category));
cl::opt<int64_t> expertCount("experts", cl::desc("experts of a layer (8)"), cl::init(8), cl::cat(category));
cl::opt<int64_t> topk("topk", cl::desc("experts of a token (2)"), cl::init(2), cl::cat(category));
cl::opt<int64_t> layers("layers", cl::desc("layers (1)"), cl::init(1), cl::cat(category));
cl::opt<int64_t> shared("shared", cl::desc("width of an expert that every token runs through (0: none)"), cl::init(0), cl::cat(category));
cl::opt<std::string> groups("groups", cl::desc("GROUPS:KEPT, the router's groups of experts (1:1)"), cl::init("1:1"), cl::cat(category));
cl::opt<bool> biases("biases", cl::desc("experts have biases"), cl::cat(category));
cl::opt<int64_t> bits("bits", cl::desc("4 or 8: round the experts' weights to a block format (qmoe: 4)"), cl::init(0), cl::cat(category));
cl::opt<int64_t> block("block", cl::desc("elements of a block; 0: a row (32)"), cl::init(32), cl::cat(category));
cl::opt<std::string> routing("routing", cl::desc("uniform, or zipf:EXPONENT for the experts' shares of the tokens (uniform)"),
                                    cl::init("uniform"), cl::cat(category));
cl::opt<uint64_t> seed("seed", cl::desc("of the weights (0)"), cl::init(0), cl::cat(category));
cl::opt<std::string> output("o", cl::desc("the model; its weights go beside it"), cl::value_desc("m.onnx"), cl::Required, cl::cat(category));

void need(bool condition, const llvm::Twine &message) {
  if (!condition)
    throw UsageError(message.str());
}

} // namespace

Options readOptions(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "moe-gen: ONNX models of any shape, in every exporter's form\n");
  Options o;
  auto kind = llvm::StringSwitch<std::optional<What>>(what).Case("moe", What::Moe).Default(std::nullopt);
  need(kind.has_value(), "'" + what + "' cannot be generated; moe can");
  o.what = *kind;
  o.form = form;
  o.unit = unit;
  o.router = router;
  o.type = type;
  o.hidden = hidden;
  o.ffn = ffn;
  o.experts = expertCount;
  o.topk = topk;
  o.layers = layers;
  o.shared = shared;
  o.biases = biases;
  o.bits = bits == 0 && form == Form::QMoe ? 4 : int64_t(bits);
  o.block = block;
  o.seed = seed;
  o.output = output;
  auto [count, kept] = llvm::StringRef(groups).split(':');
  need(!count.getAsInteger(10, o.groups) && !kept.getAsInteger(10, o.groupsKept), "--groups=" + groups + " is not GROUPS:KEPT");
  if (routing != "uniform")
    need(llvm::StringRef(routing).starts_with("zipf:") && !llvm::StringRef(routing).drop_front(5).getAsDouble(o.zipf) && o.zipf > 0,
         "--routing=" + routing + " is neither uniform nor zipf:EXPONENT with an exponent above 0");
  for (auto *length : {&hidden, &ffn, &expertCount, &topk, &layers})
    need(*length > 0, "--" + length->ArgStr + " needs to be above 0");
  need(shared >= 0 && block >= 0, "--shared and --block need to be at least 0");
  need(topk <= expertCount, "--topk is above --experts");
  need(o.groups > 0 && expertCount % o.groups == 0 && o.groupsKept > 0 && o.groupsKept <= o.groups, "--groups need to divide --experts");
  need(o.groups == 1 || (router == Router::Sigmoid && o.groupsKept * (expertCount / o.groups) >= topk),
       "--groups need --router=sigmoid, and as many experts in the groups kept as --topk");
  need(o.bits == 0 || o.bits == 4 || o.bits == 8, "--bits needs to be 4 or 8");
  need(o.bits == 0 || o.block == 0 || (hidden % o.block == 0 && ffn % o.block == 0), "--block does not divide --hidden and --ffn");
  need(form != Form::QMoe || (hidden % 2 == 0 && ffn % 2 == 0), "qmoe packs rows into bytes: --hidden and --ffn need to be even");
  return o;
}

} // namespace moe::gen
