//===- arena.cpp - memory of a session --------------------------------------------------------------------------===//
#include "arena.h"
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

namespace moert {

struct Arena::Slab {
  Slab(char *memory, int64_t size, int64_t run) : memory(memory), size(size), lastUsed(run), at(static_cast<Block **>(std::calloc(size_t(size / kUnit), sizeof(Block *)))) {
    if (!at)
      throw std::bad_alloc();
  }
  Slab(const Slab &) = delete;
  ~Slab() { std::free(at); }

  Block *&blockAt(const char *start) { return at[(start - memory) / kUnit]; }

  char *memory;
  int64_t size;
  int64_t lastUsed; ///< the run that last cut a block from it
  Block **at;       ///< the block that starts at each unit and is in use; from the system as zeros, so that only what is used takes memory
  Block *first = nullptr;
};

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
  try {
    slabs.push_back(std::make_unique<Slab>(static_cast<char *>(memory), wanted, run));
  } catch (const std::bad_alloc &) {
    device->table.release(device->instance, memory, wanted);
    return nullptr;
  }
  reserved += wanted;
  Block *block = newBlock();
  *block = {slabs.back()->memory, wanted, nullptr, nullptr, nullptr, nullptr, slabs.back().get(), false, false};
  return block->slab->first = block;
}

Arena::Block *Arena::newBlock() {
  if (!unused)
    return &blocks.emplace_back();
  Block *block = unused;
  unused = block->next;
  return block;
}

void Arena::deleteBlock(Block *block) {
  block->next = unused;
  unused = block;
}

void *Arena::allocate(int64_t bytes) {
  if (bytes >= (int64_t(1) << (kPowers - 2)))
    return nullptr;
  int64_t size = (std::max(bytes, int64_t(1)) + kUnit - 1) / kUnit * kUnit;
  Block *block = findFree(size);
  if (block)
    removeFree(block);
  else if (!(block = grow(size)))
    return nullptr;
  if (block->size > size) {
    Block *rest = newBlock();
    *rest = {block->start + size, block->size - size, block, block->after, nullptr, nullptr, block->slab, false, false};
    if (rest->after)
      rest->after->before = rest;
    block->after = rest;
    block->size = size;
    insertFree(rest);
  }
  block->slab->lastUsed = run;
  block->slab->blockAt(block->start) = block;
  block->inRun = true;
  block->previous = nullptr;
  block->next = runBlocks;
  if (runBlocks)
    runBlocks->previous = block;
  runBlocks = block;
  live += block->size;
  peak = std::max(peak, live);
  return block->start;
}

/// The block whose memory starts at `memory`, or null.
Arena::Block *Arena::blockOf(void *memory) const {
  auto address = reinterpret_cast<uintptr_t>(memory);
  for (auto &slab : slabs) {
    auto start = reinterpret_cast<uintptr_t>(slab->memory);
    if (address >= start && address < start + uintptr_t(slab->size))
      return address % kUnit == 0 ? slab->blockAt(static_cast<char *>(memory)) : nullptr;
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
  block->slab->blockAt(block->start) = nullptr;
  if (Block *after = block->after; after && after->isFree) {
    removeFree(after);
    block->size += after->size;
    block->after = after->after;
    deleteBlock(after);
  }
  if (Block *before = block->before; before && before->isFree) {
    removeFree(before);
    before->size += block->size;
    before->after = block->after;
    deleteBlock(block);
    block = before;
  }
  if (block->after)
    block->after->before = block;
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
    release(runBlocks->start);
  collectReturned();
  ++run;
  std::erase_if(slabs, [&](std::unique_ptr<Slab> &slab) {
    Block *first = slab->first;
    if (!first->isFree || first->after || run - slab->lastUsed < kIdleRuns)
      return false;
    removeFree(first);
    deleteBlock(first);
    reserved -= slab->size;
    device->table.release(device->instance, slab->memory, slab->size);
    return true;
  });
}

} // namespace moert
