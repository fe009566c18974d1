//===- arena.cpp - memory of a session --------------------------------------------------------------------------===//
#include "arena.h"
#include <algorithm>
#include <bit>

namespace moert {

/// What lies in front of the memory of each block, free or not.
struct alignas(64) Arena::Block {
  int64_t size;    ///< with this header; a multiple of 64
  Block *before;   ///< the neighbour at the lower address; null at the start of a slab
  Block *next, *previous; ///< in a free list or among the run's blocks
  Slab *slab;
  Block *self;     ///< this block where it is in use, else null: tells headers from other bytes
  bool isFree, isLast, inRun;

  Block *after() { return isLast ? nullptr : reinterpret_cast<Block *>(reinterpret_cast<char *>(this) + size); }
  void *memory() { return this + 1; }
};

struct Arena::Slab {
  void *memory;
  int64_t size;
  int64_t lastUsed; ///< the run that last cut a block from it
};

static constexpr int64_t kHeader = 64;

Arena::Arena(std::shared_ptr<Device> theDevice) : device(std::move(theDevice)) {}

Arena::~Arena() {
  for (auto &slab : slabs)
    device->table.release(device->instance, slab->memory, slab->size);
}

/// The list whose blocks have at least the sizes from `size` rounded down to a step.
static std::pair<int, int> listOf(int64_t size, int stepBits) {
  int power = std::bit_width(uint64_t(size)) - 1;
  return {power, int((size >> (power - stepBits)) - (int64_t(1) << stepBits))};
}

void Arena::insertFree(Block *block) {
  auto [power, step] = listOf(block->size, kStepBits);
  block->isFree = true;
  block->self = nullptr;
  block->previous = nullptr;
  block->next = freeLists[power][step];
  if (block->next)
    block->next->previous = block;
  freeLists[power][step] = block;
  powers |= uint64_t(1) << power;
  steps[power] |= 1u << step;
}

void Arena::removeFree(Block *block) {
  auto [power, step] = listOf(block->size, kStepBits);
  if (block->next)
    block->next->previous = block->previous;
  (block->previous ? block->previous->next : freeLists[power][step]) = block->next;
  block->isFree = false;
  if (freeLists[power][step])
    return;
  steps[power] &= ~(1u << step);
  if (!steps[power])
    powers &= ~(uint64_t(1) << power);
}

/// A free block of at least `size`: from the first list all of whose blocks are large enough.
Arena::Block *Arena::findFree(int64_t size) const {
  int64_t step = int64_t(1) << (std::bit_width(uint64_t(size)) - 1 - kStepBits);
  auto [power, first] = listOf(size + step - 1, kStepBits);
  if (power >= kPowers)
    return nullptr;
  uint32_t here = steps[power] & (~0u << first);
  if (!here) {
    uint64_t above = power + 1 < kPowers ? powers & (~uint64_t(0) << (power + 1)) : 0;
    if (!above)
      return nullptr;
    power = std::countr_zero(above);
    here = steps[power];
  }
  return freeLists[power][std::countr_zero(here)];
}

/// One free block that is a new slab, already out of the lists.
Arena::Block *Arena::grow(int64_t size) {
  constexpr int64_t kPage = 4096;
  size = (size + kPage - 1) / kPage * kPage;
  int64_t wanted = std::max(size, std::clamp(reserved / 2, kSmallestSlab, kLargestGrowth) / kPage * kPage);
  void *memory = device->table.allocate(device->instance, wanted);
  if (!memory && wanted > size)
    memory = device->table.allocate(device->instance, wanted = size);
  if (!memory)
    return nullptr;
  slabs.push_back(std::make_unique<Slab>(Slab{memory, wanted, run}));
  reserved += wanted;
  auto *block = static_cast<Block *>(memory);
  *block = {};
  block->size = wanted;
  block->slab = slabs.back().get();
  block->isLast = true;
  return block;
}

void *Arena::allocate(int64_t bytes) {
  if (bytes >= (int64_t(1) << (kPowers - 2)))
    return nullptr;
  int64_t size = std::max(bytes, int64_t(1)) + kHeader;
  size = (size + kHeader - 1) / kHeader * kHeader;
  Block *block = findFree(size);
  if (block)
    removeFree(block);
  else if (!(block = grow(size)))
    return nullptr;
  if (block->size - size >= 2 * kHeader) {
    auto *rest = reinterpret_cast<Block *>(reinterpret_cast<char *>(block) + size);
    *rest = {};
    rest->size = block->size - size;
    rest->before = block;
    rest->slab = block->slab;
    rest->isLast = block->isLast;
    if (Block *after = rest->after())
      after->before = rest;
    block->size = size;
    block->isLast = false;
    insertFree(rest);
  }
  block->slab->lastUsed = run;
  block->self = block;
  block->inRun = true;
  block->previous = nullptr;
  block->next = runBlocks;
  if (runBlocks)
    runBlocks->previous = block;
  runBlocks = block;
  live += block->size;
  peak = std::max(peak, live);
  return block->memory();
}

/// The block whose memory starts at `memory`, or null.
Arena::Block *Arena::blockOf(void *memory) const {
  auto address = reinterpret_cast<uintptr_t>(memory);
  if (address % 64 != 0)
    return nullptr;
  for (auto &slab : slabs) {
    auto start = reinterpret_cast<uintptr_t>(slab->memory);
    if (address < start + kHeader || address >= start + uintptr_t(slab->size))
      continue;
    Block *block = static_cast<Block *>(memory) - 1;
    return block->self == block ? block : nullptr;
  }
  return nullptr;
}

bool Arena::keep(void *memory) {
  Block *block = blockOf(memory);
  if (!block || !block->inRun)
    return false;
  if (block->next)
    block->next->previous = block->previous;
  (block->previous ? block->previous->next : runBlocks) = block->next;
  block->inRun = false;
  return true;
}

void Arena::freeBlock(Block *block) {
  live -= block->size;
  block->self = nullptr;
  if (Block *after = block->after(); after && after->isFree) {
    removeFree(after);
    block->size += after->size;
    block->isLast = after->isLast;
  }
  if (Block *before = block->before; before && before->isFree) {
    removeFree(before);
    before->size += block->size;
    before->isLast = block->isLast;
    block = before;
  }
  if (Block *after = block->after())
    after->before = block;
  insertFree(block);
}

bool Arena::release(void *memory) {
  Block *block = blockOf(memory);
  if (!block)
    return false;
  keep(memory);
  freeBlock(block);
  return true;
}

void Arena::releaseLater(void *memory) {
  std::lock_guard guard(returnedLock);
  returned.push_back(memory);
}

void Arena::collectReturned() {
  std::lock_guard guard(returnedLock);
  for (void *memory : returned)
    release(memory);
  returned.clear();
}

void Arena::endRun() {
  while (runBlocks)
    release(runBlocks->memory());
  collectReturned();
  ++run;
  std::erase_if(slabs, [&](std::unique_ptr<Slab> &slab) {
    auto *first = static_cast<Block *>(slab->memory);
    if (!first->isFree || !first->isLast || run - slab->lastUsed < kIdleRuns)
      return false;
    removeFree(first);
    reserved -= slab->size;
    device->table.release(device->instance, slab->memory, slab->size);
    return true;
  });
}

} // namespace moert
