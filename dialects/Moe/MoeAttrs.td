//===- MoeAttrs.td - the choices that routers, experts and attention are made of --------------------------------===//
#ifndef MOE_DIALECTS_MOE_ATTRS
#define MOE_DIALECTS_MOE_ATTRS

include "MoeDialect.td"

class Moe_Enum<string name, string mnemonicName, string text, list<I32EnumAttrCase> cases> : I32EnumAttr<name, text, cases> {
  let cppNamespace = "::moe";
  let genSpecializedAttr = 0;
  string mnemonic = mnemonicName;
}
class Moe_EnumAttr<Moe_Enum info> : EnumAttr<Moe_Dialect, info, info.mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Moe_Score : Moe_Enum<"Score", "score", "how a router turns logits into scores", [
  I32EnumAttrCase<"identity", 0>, I32EnumAttrCase<"softmax", 1>, I32EnumAttrCase<"sigmoid", 2>,
  I32EnumAttrCase<"sqrt_softplus", 3>]>;
def Moe_ScoreAttr : Moe_EnumAttr<Moe_Score>;

def Moe_Select : Moe_Enum<"Select", "select", "how a router picks experts", [
  I32EnumAttrCase<"topk", 0>, I32EnumAttrCase<"threshold", 1>, I32EnumAttrCase<"capacity", 2>,
  I32EnumAttrCase<"expert_choice", 3>, I32EnumAttrCase<"hash", 4>]>;
def Moe_SelectAttr : Moe_EnumAttr<Moe_Select>;

def Moe_Renorm : Moe_Enum<"Renorm", "renorm", "what is done to the weights of the selected experts", [
  I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"sum", 1>, I32EnumAttrCase<"softmax", 2>]>;
def Moe_RenormAttr : Moe_EnumAttr<Moe_Renorm>;

def Moe_GroupScore : Moe_Enum<"GroupScore", "group_score", "the score of a group of experts", [
  I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"top2_sum", 1>]>;
def Moe_GroupScoreAttr : Moe_EnumAttr<Moe_GroupScore>;

def Moe_Activation : Moe_Enum<"Activation", "activation", "an elementwise non-linearity", [
  I32EnumAttrCase<"identity", 0>, I32EnumAttrCase<"relu", 1>, I32EnumAttrCase<"relu2", 2>, I32EnumAttrCase<"silu", 3>,
  I32EnumAttrCase<"gelu", 4>, I32EnumAttrCase<"gelu_tanh", 5>, I32EnumAttrCase<"sigmoid", 6>,
  I32EnumAttrCase<"tanh", 7>]>;
def Moe_ActivationAttr : Moe_EnumAttr<Moe_Activation>;

def Moe_NormKind : Moe_Enum<"NormKind", "norm_kind", "what a normalisation divides by", [
  I32EnumAttrCase<"rms", 0>, I32EnumAttrCase<"layer", 1>, I32EnumAttrCase<"l2", 2>]>;
def Moe_NormKindAttr : Moe_EnumAttr<Moe_NormKind>;

def Moe_Format : Moe_Enum<"Format", "format", "how the bits of a quantized element are read", [
  I32EnumAttrCase<"u2", 0>, I32EnumAttrCase<"u3", 1>, I32EnumAttrCase<"u4", 2>, I32EnumAttrCase<"u8", 3>,
  I32EnumAttrCase<"i2", 4>, I32EnumAttrCase<"i4", 5>, I32EnumAttrCase<"i8", 6>,
  I32EnumAttrCase<"f4e2m1", 7>, I32EnumAttrCase<"f8e4m3", 8>, I32EnumAttrCase<"f8e5m2", 9>]>;
def Moe_FormatAttr : Moe_EnumAttr<Moe_Format>;

def Moe_FileAttr : AttrDef<Moe_Dialect, "File"> {
  let mnemonic = "file";
  let summary = "a range of bytes in a file";
  let description = [{
    `path` is relative to the file that holds the IR; `offset` and `length` are in bytes; `digest` is the XXH3-128 of the range in
    hexadecimal ("" before it was taken).
  }];
  let parameters = (ins StringRefParameter<>:$path, "int64_t":$offset, "int64_t":$length, StringRefParameter<>:$digest);
  let assemblyFormat = "`<` $path `,` $offset `,` $length `,` $digest `>`";
}

#endif // MOE_DIALECTS_MOE_ATTRS
