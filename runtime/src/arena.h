//===- arena.h - memory of a session -----------------------------------------------------------------*- C++ -*-===//
//
// Large slabs come from the device; blocks are cut from them by two-level segregated fit (Masmano et al., TLSF, ECRTS 2004): constant
// time, neighbours merge when they are free. A run that repeats asks the system for nothing. Slabs that no run has touched for a while
// go back. What is known of blocks is kept apart from their memory, which kernels may still write to after the host has released it: whoever
// gets it next launches behind them.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moert/device.h"
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace moert {

/// An open device instance.
class Device {
public:
  Device(const moert_device_table &table, moert_device *instance) : table(table), instance(instance) {}
  Device(const Device &) = delete;
  ~Device() { table.close(instance); }

  const moert_device_table &table;
  moert_device *const instance;
};

class Arena {
public:
  explicit Arena(std::shared_ptr<Device> device);
  Arena(const Arena &) = delete;
  ~Arena();

  /// A block of the current run, aligned to 64 bytes; null where there is no memory. `bytes` is not negative.
  void *allocate(int64_t bytes);
  /// Gives a block back; false where `memory` is not one.
  bool release(void *memory);
  /// Takes a block from the current run, so that the end of the run leaves it alone; false where `memory` is not the start of a block of
  /// the run.
  bool keep(void *memory);
  /// Gives back what the run did not release or keep, and slabs that are not needed.
  void endRun();
  /// release(), from any thread; takes effect with the next run.
  void releaseLater(void *memory);

  int64_t liveBytes() const { return live; }
  int64_t peakBytes() const { return peak; }
  int64_t reservedBytes() const { return reserved; }

private:
  struct Slab;
  /// A piece of a slab, free or not.
  struct Block {
    char *start;
    int64_t size;           ///< a multiple of kUnit
    Block *before, *after;  ///< the neighbours in the slab; null at its ends
    Block *next, *previous; ///< in a free list or among the run's blocks
    Slab *slab;
    bool isFree, inRun;
  };
  static constexpr int64_t kUnit = 64;
  /// Sizes are powers of two, each in kSteps steps.
  static constexpr int kStepBits = 4, kSteps = 1 << kStepBits, kPowers = 48;
  static constexpr int64_t kSmallestSlab = int64_t(1) << 20, kLargestGrowth = int64_t(256) << 20;
  static constexpr int64_t kIdleRuns = 16; ///< a slab that was not needed for so many runs goes back

  Block *blockOf(void *memory) const;
  Block *newBlock();
  void deleteBlock(Block *block);
  Block *findFree(int64_t size) const;
  Block *grow(int64_t size);
  void insertFree(Block *block);
  void removeFree(Block *block);
  void freeBlock(Block *block);
  void collectReturned();

  std::shared_ptr<Device> device;
  std::vector<std::unique_ptr<Slab>> slabs;
  std::deque<Block> blocks;        ///< all there ever were
  Block *unused = nullptr;         ///< those of them that stand for no memory, linked by `next`
  Block *freeLists[kPowers][kSteps] = {};
  uint64_t powers = 0;             ///< bit p: a list of power p is not empty
  uint32_t steps[kPowers] = {};
  Block *runBlocks = nullptr;      ///< blocks of the current run, doubly linked
  int64_t run = 0, live = 0, peak = 0, reserved = 0;

  std::mutex returnedLock;
  std::vector<void *> returned;
};

} // namespace moert
