//===- isa.cpp - instruction sets of this machine ---------------------------------------------------------------===//
#include "isa.h"
#include "moert/abi.h"
#include <algorithm>
#include <cpuid.h>
#include <iterator>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace moert {
namespace {

/// Registers that the operating system saves (XCR0).
uint64_t savedState() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// Linux gives a process the tile registers only when it asks.
bool tilesGranted() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/// The level of what processor and operating system support; -1 where not even AVX2 is there.
int32_t detectLevel() {
  unsigned a, b, c, d, leaf7b, leaf7c, leaf7d, extendedC, subleafA = 0;
  auto all = [](unsigned value, std::initializer_list<int> bits) {
    return std::all_of(bits.begin(), bits.end(), [&](int bit) { return value >> bit & 1; });
  };
  if (!__get_cpuid(1, &a, &b, &c, &d) || !all(c, {12, 22, 27, 28, 29})) // FMA MOVBE OSXSAVE AVX F16C
    return -1;
  uint64_t saved = savedState();
  if (!__get_cpuid(0x80000001, &a, &b, &extendedC, &d) || !all(extendedC, {5}) || (saved & 0x6) != 0x6) // LZCNT; SSE and AVX state
    return -1;
  if (!__get_cpuid_count(7, 0, &a, &leaf7b, &leaf7c, &leaf7d) || !all(leaf7b, {3, 5, 8})) // BMI1 AVX2 BMI2
    return -1;
  if (a >= 1)
    __get_cpuid_count(7, 1, &subleafA, &b, &c, &d);
  bool avx512 = all(leaf7b, {16, 17, 28, 30, 31}) && all(leaf7c, {1, 11}) && all(subleafA, {5}); // F DQ CD BW VL, VBMI VNNI, BF16
  if (!avx512 || (saved & 0xe6) != 0xe6)
    return MOERT_ISA_AVX2;
  bool amx = all(leaf7d, {22, 24, 25}) && (saved & 0x60000) == 0x60000; // BF16 TILE INT8
  return amx && tilesGranted() ? MOERT_ISA_AMX : MOERT_ISA_AVX512;
}

constexpr const char *kNames[] = {"avx2", "avx512", "amx"};

int32_t machineLevel() {
  static const int32_t level = detectLevel();
  return level;
}

int32_t levelNamed(std::string_view name) {
  auto found = std::find(std::begin(kNames), std::end(kNames), name);
  return found == std::end(kNames) ? -1 : int32_t(found - std::begin(kNames));
}

} // namespace

const char *machineIsa() { return machineLevel() < 0 ? "" : kNames[machineLevel()]; }

Status chooseIsa(const std::vector<std::string> &code, const char *wanted, int32_t &level, std::string &name) {
  const int32_t machine = machineLevel();
  std::string names;
  for (const std::string &isa : code) {
    names += (names.empty() ? "" : ", ") + isa;
    if (levelNamed(isa) < 0)
      return fail(MOERT_INVALID_ARTEFACT, "the code has kernels for the unknown instruction set '", isa, "'");
  }
  if (wanted && std::find(code.begin(), code.end(), wanted) == code.end())
    return fail(MOERT_INVALID_ARGUMENT, "there are no kernels for the instruction set '", wanted, "'; the artefact has: ", names);
  if (wanted && levelNamed(wanted) > machine)
    return fail(MOERT_UNSUPPORTED, "this machine cannot run '", wanted, "'");
  int32_t best = -1;
  for (const std::string &isa : code)
    if (levelNamed(isa) <= machine && (!wanted || isa == wanted))
      best = std::max(best, levelNamed(isa));
  if (best < 0)
    return fail(MOERT_UNSUPPORTED, "this machine has none of the instruction sets that the code needs: ", names);
  level = best;
  name = kNames[best];
  return {};
}

} // namespace moert
