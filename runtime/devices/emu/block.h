//===- block.h - the threads of a block ---------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "fiber.h"
#include "moert/abi.h"
#include "moert/emu.h"
#include "workgroup.h"
#include <deque>
#include <vector>

namespace moert::emu {

/// A launch under way.
struct Launch {
  const moert_emu_kernel_info *kernel;
  const char *name;
  moert_grid grid;
  const int64_t *args;
};

/// Runs the blocks of a grid one after the other, each with a fiber per thread where its threads work together.
class BlockRunner {
public:
  /// Runs a whole grid, or as much of it as goes well.
  void run(const Launch &launch, Fault &fault);

private:
  /// What a thread waits for.
  enum class Wait { Nothing, Barrier, Collective, End };
  struct Thread : moert_thread {
    BlockRunner *runner = nullptr;
    Fiber *fiber = nullptr;
    int32_t number = 0;
    Wait wait = Wait::End;
    int32_t site = 0, operation = 0;
    const void *in = nullptr;
    void *out = nullptr;
  };

  static void *access(moert_thread *thread, void *address, int32_t bytes, int32_t write);
  static void barrier(moert_thread *thread, int32_t site);
  static void collective(moert_thread *thread, int32_t site, int32_t operation, const void *in, void *out);
  static const moert_emulator kEmulator;

  void runBlock();
  /// Runs all threads that can go on; false where none can.
  bool advance();
  /// Lets waves and the block go on whose threads all wait for the same.
  void release();
  bool releaseWave(size_t first, size_t count);
  void reportDivergence();

  const Launch *launch = nullptr;
  Fault *fault = nullptr;
  Workgroup workgroup;
  std::vector<Thread> threads;
  std::deque<Fiber> fibers;
};

} // namespace moert::emu
