//===- CommandLine.cpp - the command line of moe-gen ------------------------------------------------------------===//
#include "CommandLine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;

namespace moe::gen {
namespace {

// A kind of model has the options of some of these categories and refuses the others.
cl::OptionCategory general("Models");
cl::OptionCategory expertOptions("Experts (moe, model)");
cl::OptionCategory attentionOptions("Attention (attention, model)");
cl::OptionCategory decoderOptions("Decoders (model)");
cl::OptionCategory recurrenceOptions("Recurrences (mamba, mamba2)");
cl::OptionCategory mamba2Options("Mamba-2 (mamba2)");

const std::vector<const cl::OptionCategory *> categories = {&general,        &expertOptions,     &attentionOptions,
                                                            &decoderOptions, &recurrenceOptions, &mamba2Options};

cl::opt<std::string> what(cl::Positional, cl::desc("moe|model|attention|mamba|mamba2"), cl::Required, cl::cat(general));
cl::opt<int64_t> hidden("hidden", cl::desc("width of a token (64)"), cl::init(64), cl::cat(general));
cl::opt<int64_t> layers("layers", cl::desc("layers (1)"), cl::init(1), cl::cat(general));
cl::opt<onnx::TensorProto::DataType> type("dtype", cl::desc("the element type:"), cl::init(onnx::TensorProto::FLOAT), cl::cat(general),
                                          cl::values(clEnumValN(onnx::TensorProto::FLOAT, "f32", "(default)"),
                                                     clEnumValN(onnx::TensorProto::FLOAT16, "f16", ""),
                                                     clEnumValN(onnx::TensorProto::BFLOAT16, "bf16", "")));
cl::opt<uint64_t> seed("seed", cl::desc("of the weights (0)"), cl::init(0), cl::cat(general));
cl::opt<std::string> output("o", cl::desc("the model; its weights go beside it"), cl::value_desc("m.onnx"), cl::Required, cl::cat(general));

cl::opt<Form> form("form", cl::desc("how the experts are written:"), cl::init(Form::Sorted), cl::cat(expertOptions),
                   cl::values(clEnumValN(Form::Contrib, "contrib", "com.microsoft MoE"), clEnumValN(Form::QMoe, "qmoe", "com.microsoft QMoE"),
                              clEnumValN(Form::Sorted, "sorted", "sorted by expert, a product per expert (default)"),
                              clEnumValN(Form::Batched, "batched", "the matrices of each (token, k) gathered"),
                              clEnumValN(Form::Dense, "dense", "every expert on every token, weights scattered"),
                              clEnumValN(Form::Masked, "masked", "expert by expert on every token, masked weights"),
                              clEnumValN(Form::Loop, "loop", "expert by expert on its tokens, found by NonZero"),
                              clEnumValN(Form::LoopOp, "loop-op", "the same in an ONNX Loop")));
cl::opt<Unit> unit("unit", cl::desc("the experts' unit:"), cl::init(Unit::Silu), cl::cat(expertOptions),
                   cl::values(clEnumValN(Unit::Silu, "silu", "silu(gate) * up (default)"), clEnumValN(Unit::Relu, "relu", "relu(up), without gate"),
                              clEnumValN(Unit::GptOss, "gpt-oss", "clamped swiglu with alpha 1.702, beta 1")));
cl::opt<Router> router("router", cl::desc("the router:"), cl::init(Router::Softmax), cl::cat(expertOptions),
                       cl::values(clEnumValN(Router::Softmax, "softmax", "softmax, top-k, renormalised (default)"),
                                  clEnumValN(Router::TopkSoftmax, "topk-softmax", "top-k, softmax over the chosen"),
                                  clEnumValN(Router::Sigmoid, "sigmoid", "sigmoid with a selection bias, renormalised")));
cl::opt<int64_t> ffn("ffn", cl::desc("width of an expert (96)"), cl::init(96), cl::cat(expertOptions));
cl::opt<int64_t> expertCount("experts", cl::desc("experts of a layer (8)"), cl::init(8), cl::cat(expertOptions));
cl::opt<int64_t> topk("topk", cl::desc("experts of a token (2)"), cl::init(2), cl::cat(expertOptions));
cl::opt<int64_t> shared("shared", cl::desc("width of an expert that every token runs through (0: none)"), cl::init(0), cl::cat(expertOptions));
cl::opt<std::string> groups("groups", cl::desc("GROUPS:KEPT, the router's groups of experts (1:1)"), cl::init("1:1"), cl::cat(expertOptions));
cl::opt<bool> biases("biases", cl::desc("experts have biases"), cl::cat(expertOptions));
cl::opt<int64_t> bits("bits", cl::desc("4 or 8: round the experts' weights to a block format (qmoe: 4)"), cl::init(0), cl::cat(expertOptions));
cl::opt<int64_t> block("block", cl::desc("elements of a block; 0: a row (32)"), cl::init(32), cl::cat(expertOptions));
cl::opt<std::string> routing("routing", cl::desc("uniform, or zipf:EXPONENT for the experts' shares of the tokens (uniform)"), cl::init("uniform"),
                             cl::cat(expertOptions));

cl::opt<AttentionForm> attention("attention", cl::desc("how attention is written:"), cl::init(AttentionForm::Decomposed), cl::cat(attentionOptions),
                                 cl::values(clEnumValN(AttentionForm::Decomposed, "decomposed", "in plain ops (default)"),
                                            clEnumValN(AttentionForm::Op, "op", "Attention of opset 23"),
                                            clEnumValN(AttentionForm::Gqa, "gqa", "com.microsoft GroupQueryAttention")));
cl::opt<int64_t> heads("heads", cl::desc("query heads (4)"), cl::init(4), cl::cat(attentionOptions));
cl::opt<int64_t> kvHeads("kv-heads", cl::desc("key and value heads (2)"), cl::init(2), cl::cat(attentionOptions));
cl::opt<int64_t> window("window", cl::desc("keys that a query sees, its own included (0: all before it)"), cl::init(0), cl::cat(attentionOptions));
cl::opt<double> ropeTheta("rope-theta", cl::desc("base of the rotary embedding (10000; 0: none)"), cl::init(10000), cl::cat(attentionOptions));
cl::opt<int64_t> context("context", cl::desc("positions in the rotary tables of gqa (2048)"), cl::init(2048), cl::cat(attentionOptions));
cl::opt<bool> qkNorm("qk-norm", cl::desc("RMSNorm on every head of queries and keys (true)"), cl::init(true), cl::cat(attentionOptions));

cl::opt<int64_t> vocab("vocab", cl::desc("tokens of the vocabulary (256)"), cl::init(256), cl::cat(decoderOptions));

cl::opt<RecurrenceForm> recurrence("recurrence", cl::desc("how the scan is written:"), cl::cat(recurrenceOptions),
                                   cl::values(clEnumValN(RecurrenceForm::Unrolled, "unrolled", "step after step, --steps of them (mamba's default)"),
                                              clEnumValN(RecurrenceForm::Scan, "scan", "an ONNX Scan"),
                                              clEnumValN(RecurrenceForm::Loop, "loop", "an ONNX Loop"),
                                              clEnumValN(RecurrenceForm::Chunked, "chunked", "products over chunks (mamba2 alone, its default)")));
cl::opt<int64_t> state("state", cl::desc("elements of a channel's state (16)"), cl::init(16), cl::cat(recurrenceOptions));
cl::opt<int64_t> inner("d-inner", cl::desc("channels (twice --hidden)"), cl::init(0), cl::cat(recurrenceOptions));
cl::opt<int64_t> conv("conv", cl::desc("taps of the causal convolution (4)"), cl::init(4), cl::cat(recurrenceOptions));
cl::opt<int64_t> steps("steps", cl::desc("traced steps of the unrolled form (32); it runs at no other length"), cl::init(32), cl::cat(recurrenceOptions));
cl::opt<int64_t> chunk("chunk", cl::desc("steps of a chunk (64)"), cl::init(64), cl::cat(mamba2Options));

cl::opt<int64_t> headDim("head-dim", cl::desc("width of a head (16)"), cl::init(16), cl::cat(attentionOptions), cl::cat(mamba2Options));
cl::opt<bool> cache("cache", cl::desc("states come in as past.* and go out as present.*"), cl::cat(attentionOptions), cl::cat(recurrenceOptions));

struct Kind {
  What what;
  std::vector<cl::OptionCategory *> categories;
};

std::optional<Kind> kindNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Kind>>(name)
      .Case("moe", Kind{What::Moe, {&general, &expertOptions}})
      .Case("model", Kind{What::Model, {&general, &expertOptions, &attentionOptions, &decoderOptions}})
      .Case("attention", Kind{What::Attention, {&general, &attentionOptions}})
      .Case("mamba", Kind{What::Mamba, {&general, &recurrenceOptions}})
      .Case("mamba2", Kind{What::Mamba2, {&general, &recurrenceOptions, &mamba2Options}})
      .Default(std::nullopt);
}

void need(bool condition, const llvm::Twine &message) {
  if (!condition)
    throw UsageError(message.str());
}

/// Refuses the options that say nothing about the kind.
void checkApplicable(const Kind &kind) {
  for (auto &[name, option] : cl::getRegisteredOptions()) {
    bool ours = llvm::any_of(option->Categories, [&](auto *category) { return llvm::is_contained(categories, category); });
    bool applies = llvm::any_of(option->Categories, [&](auto *category) { return llvm::is_contained(kind.categories, category); });
    need(!ours || applies || option->getNumOccurrences() == 0, "--" + name + " is no option of " + what);
  }
}

void checkExperts(const Options &o) {
  need(o.topk <= o.experts, "--topk is above --experts");
  need(o.groups > 0 && o.experts % o.groups == 0 && o.groupsKept > 0 && o.groupsKept <= o.groups, "--groups need to divide --experts");
  need(o.groups == 1 || (o.router == Router::Sigmoid && o.groupsKept * (o.experts / o.groups) >= o.topk),
       "--groups need --router=sigmoid, and as many experts in the groups kept as --topk");
  need(o.bits == 0 || o.bits == 4 || o.bits == 8, "--bits needs to be 4 or 8");
  need(o.bits == 0 || o.block == 0 || (o.hidden % o.block == 0 && o.ffn % o.block == 0), "--block does not divide --hidden and --ffn");
  need(o.form != Form::QMoe || (o.hidden % 2 == 0 && o.ffn % 2 == 0), "qmoe packs rows into bytes: --hidden and --ffn need to be even");
}

void checkAttention(const Options &o) {
  need(o.heads % o.kvHeads == 0, "--kv-heads does not divide --heads");
  need(o.ropeTheta == 0 || o.headDim % 2 == 0, "--rope-theta turns pairs: --head-dim needs to be even");
  need(o.attention != AttentionForm::Gqa || o.headDim % 8 == 0, "gqa needs a --head-dim that 8 divides");
}

void checkRecurrence(const Options &o) {
  need(o.conv > 1, "--conv needs to be above 1");
  need(o.what == What::Mamba2 || o.recurrence != RecurrenceForm::Chunked, "--recurrence=chunked needs one decay per head: mamba2");
  need(o.what == What::Mamba || o.inner % o.headDim == 0, "--head-dim does not divide --d-inner");
}

} // namespace

Options readOptions(int argc, char **argv) {
  cl::HideUnrelatedOptions(categories);
  cl::ParseCommandLineOptions(argc, argv, "moe-gen: ONNX models of any shape, in every exporter's form\n");
  std::optional<Kind> kind = kindNamed(what);
  need(kind.has_value(), "'" + what + "' cannot be generated; moe, model, attention, mamba and mamba2 can");
  checkApplicable(*kind);
  for (auto *length : {&hidden, &ffn, &expertCount, &topk, &layers, &heads, &kvHeads, &headDim, &context, &vocab, &state, &steps, &chunk})
    need(*length > 0, "--" + length->ArgStr + " needs to be above 0");
  for (auto *amount : {&shared, &block, &window, &inner})
    need(*amount >= 0, "--" + amount->ArgStr + " needs to be at least 0");
  need(ropeTheta >= 0, "--rope-theta needs to be at least 0");
  Options o;
  o.what = kind->what;
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
  o.attention = attention;
  o.heads = heads;
  o.kvHeads = kvHeads;
  o.headDim = headDim;
  o.window = window;
  o.ropeTheta = ropeTheta;
  o.context = context;
  o.qkNorm = qkNorm;
  o.vocab = vocab;
  o.recurrence = o.what == What::Mamba2 ? RecurrenceForm::Chunked : RecurrenceForm::Unrolled;
  if (recurrence.getNumOccurrences())
    o.recurrence = recurrence;
  o.state = state;
  o.inner = inner ? inner : 2 * hidden;
  o.conv = conv;
  o.steps = steps;
  o.chunk = chunk;
  o.cache = cache;
  o.seed = seed;
  o.output = output;
  auto [count, kept] = llvm::StringRef(groups).split(':');
  need(!count.getAsInteger(10, o.groups) && !kept.getAsInteger(10, o.groupsKept), "--groups=" + groups + " is not GROUPS:KEPT");
  if (routing != "uniform")
    need(llvm::StringRef(routing).starts_with("zipf:") && !llvm::StringRef(routing).drop_front(5).getAsDouble(o.zipf) && o.zipf > 0,
         "--routing=" + routing + " is neither uniform nor zipf:EXPONENT with an exponent above 0");
  if (o.what == What::Moe || o.what == What::Model)
    checkExperts(o);
  if (o.what == What::Attention || o.what == What::Model)
    checkAttention(o);
  if (o.what == What::Mamba || o.what == What::Mamba2)
    checkRecurrence(o);
  return o;
}

} // namespace moe::gen
