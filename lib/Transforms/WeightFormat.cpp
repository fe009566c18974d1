//===- WeightFormat.cpp - how weights are stored ----------------------------------------------------------------===//
#include "moe/Transforms/WeightFormat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moe {

static constexpr llvm::StringLiteral kNames[] = {"keep", "bf16", "f16", "f8e4m3", "int8", "int4", "mxfp4", "nvfp4"};

static llvm::Error wrong(const Twine &message) { return llvm::createStringError(message); }

llvm::Expected<WeightFormat> WeightFormat::parse(StringRef text) {
  auto [head, options] = text.split(':');
  auto known = llvm::find(kNames, head);
  if (known == std::end(kNames))
    return wrong("'" + text + "' is no format; the formats are keep, bf16, f16, f8e4m3, int8, int4[:BLOCK[:zp]], mxfp4 and nvfp4");
  WeightFormat format{Kind(known - std::begin(kNames))};
  if (text == head)
    return format;
  auto [block, zeros] = options.split(':');
  bool sized = llvm::is_contained({"16", "32", "64", "128"}, block);
  if (format.kind != Int4 || !sized || (zeros != "zp" && options != block))
    return wrong("'" + text + "': only int4 takes options, int4:BLOCK or int4:BLOCK:zp with blocks of 16, 32, 64 or 128");
  block.getAsInteger(10, format.block);
  format.zeroPoints = !zeros.empty();
  return format;
}

std::string WeightFormat::name() const {
  std::string text = kNames[kind].str();
  if (kind == Int4)
    text += ":" + std::to_string(block) + (zeroPoints ? ":zp" : "");
  return text;
}

llvm::Expected<WeightFormats> WeightFormats::parse(StringRef text) {
  WeightFormats result;
  for (StringRef item : llvm::split(text, ',')) {
    auto [role, name] = item.split('=');
    bool named = item.contains('=');
    auto format = WeightFormat::parse(named ? name : item);
    if (!format)
      return format.takeError();
    if (!named) {
      result.all = *format;
      continue;
    }
    auto known = llvm::find(roleNames(), role);
    if (known == roleNames().end())
      return wrong("'" + role + "' is no role; the roles are " + llvm::join(roleNames(), ", "));
    result.byRole[Role(known - roleNames().begin())] = *format;
  }
  return result;
}

WeightFormat WeightFormats::of(Role role) const {
  if (auto own = byRole.find(role); own != byRole.end())
    return own->second;
  return role == Role::Router ? WeightFormat() : all;
}

static constexpr double kDamping = 0.01; ///< of the mean diagonal, as published

QuantizeOp quantize(OpBuilder &b, Location loc, Value weight, const WeightFormat &format, Value hessian) {
  auto type = cast<RankedTensorType>(weight.getType());
  SmallVector<int64_t> shape(type.getShape());
  auto last = [&](int64_t length, Type element) {
    shape.back() = length;
    return RankedTensorType::get(shape, element);
  };
  int64_t depth = shape.back(), block = 0, zero = 0;
  Format codes = Format::i8;
  Type byte = b.getIntegerType(8, false), scale = b.getF32Type();
  switch (format.kind) {
  case WeightFormat::F8E4M3:
    codes = Format::f8e4m3;
    break;
  case WeightFormat::Int4:
    codes = Format::u4, block = format.block, zero = format.zeroPoints ? 0 : 8, scale = b.getBF16Type();
    break;
  case WeightFormat::MXFP4:
    codes = Format::f4e2m1, block = 32, scale = Float8E8M0FNUType::get(b.getContext());
    break;
  case WeightFormat::NVFP4:
    codes = Format::f4e2m1, block = 16, scale = Float8E4M3FNType::get(b.getContext());
    break;
  default:
    break;
  }
  int64_t blocks = block ? llvm::divideCeil(depth, block) : 1;
  auto bytes = [&](int64_t codesOfRow) { return last(llvm::divideCeil(widthOf(codes) * codesOfRow, 8), byte); };
  Type data = bytes(depth), scales = last(blocks, scale), more;
  if (format.zeroPoints)
    more = bytes(blocks);
  else if (format.kind == WeightFormat::NVFP4)
    more = RankedTensorType::get(type.getShape().drop_back(2), b.getF32Type());
  return QuantizeOp::create(b, loc, data, scales, more, weight, hessian, codes, block, zero, llvm::APFloat(kDamping));
}

} // namespace moe
