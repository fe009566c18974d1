//===- block.cpp - the threads of a block ---------------------------------------------------------------------------===//
#include "block.h"
#include "collective.h"
#include "status.h"
#include <algorithm>

namespace moert::emu {

const moert_emulator BlockRunner::kEmulator = {access, barrier, collective};

void *BlockRunner::access(moert_thread *thread, void *address, int32_t bytes, int32_t write) {
  auto &self = *static_cast<Thread *>(thread);
  return self.runner->workgroup.access(self.number, address, bytes, write, *self.runner->fault);
}

void BlockRunner::barrier(moert_thread *thread, int32_t site) {
  auto &self = *static_cast<Thread *>(thread);
  self.wait = Wait::Barrier;
  self.site = site;
  self.fiber->yield();
}

void BlockRunner::collective(moert_thread *thread, int32_t site, int32_t operation, const void *in, void *out) {
  auto &self = *static_cast<Thread *>(thread);
  self.wait = Wait::Collective;
  self.site = site;
  self.operation = operation;
  self.in = in;
  self.out = out;
  self.fiber->yield();
}

void BlockRunner::run(const Launch &theLaunch, Fault &theFault) {
  launch = &theLaunch;
  fault = &theFault;
  const moert_grid &grid = launch->grid;
  size_t count = size_t(grid.threads[0]) * size_t(grid.threads[1]) * size_t(grid.threads[2]);
  threads.assign(count, {});
  while (launch->kernel->cooperative && fibers.size() < count)
    fibers.emplace_back();
  for (size_t i = 0; i < count; ++i) {
    Thread &thread = threads[i];
    thread.emulator = &kEmulator;
    thread.runner = this;
    thread.number = int32_t(i);
    thread.lane = int32_t(i) % launch->kernel->wave;
    thread.fiber = launch->kernel->cooperative ? &fibers[i] : nullptr;
    thread.thread[0] = int32_t(i) % grid.threads[0];
    thread.thread[1] = int32_t(i) / grid.threads[0] % grid.threads[1];
    thread.thread[2] = int32_t(i) / (grid.threads[0] * grid.threads[1]);
    for (int axis = 0; axis < 3; ++axis) {
      thread.threads[axis] = grid.threads[axis];
      thread.blocks[axis] = int32_t(grid.blocks[axis]);
    }
  }
  int64_t blocks = grid.blocks[0] * grid.blocks[1] * grid.blocks[2];
  for (int64_t block = 0; block < blocks && !*fault; ++block) {
    for (Thread &thread : threads) {
      thread.block[0] = int32_t(block % grid.blocks[0]);
      thread.block[1] = int32_t(block / grid.blocks[0] % grid.blocks[1]);
      thread.block[2] = int32_t(block / (grid.blocks[0] * grid.blocks[1]));
    }
    runBlock();
  }
}

void BlockRunner::runBlock() {
  workgroup.begin(*launch->kernel, launch->grid.shared, launch->name);
  for (Thread &thread : threads)
    thread.shared = workgroup.data();
  if (!launch->kernel->cooperative) {
    for (Thread &thread : threads)
      launch->kernel->run(&thread, launch->args);
    return;
  }
  for (Thread &thread : threads) {
    thread.wait = Wait::Nothing;
    thread.fiber->start(
        [](void *argument) {
          auto &self = *static_cast<Thread *>(argument);
          self.runner->launch->kernel->run(&self, self.runner->launch->args);
        },
        &thread);
  }
  while (advance())
    release();
  if (std::any_of(threads.begin(), threads.end(), [](const Thread &thread) { return thread.wait != Wait::End; }))
    reportDivergence(); // fibers that wait are begun anew by the next block: what they hold is on their stacks alone
}

bool BlockRunner::advance() {
  bool moved = false;
  for (Thread &thread : threads) {
    if (thread.wait != Wait::Nothing)
      continue;
    moved = true;
    if (thread.fiber->resume())
      thread.wait = Wait::End;
  }
  return moved;
}

void BlockRunner::release() {
  size_t wave = size_t(launch->kernel->wave);
  bool any = false;
  for (size_t first = 0; first < threads.size(); first += wave)
    any |= releaseWave(first, std::min(wave, threads.size() - first));
  const Thread &first = threads.front();
  if (any || first.wait != Wait::Barrier)
    return;
  for (const Thread &thread : threads)
    if (thread.wait != Wait::Barrier || thread.site != first.site)
      return;
  workgroup.barrier();
  for (Thread &thread : threads)
    thread.wait = Wait::Nothing;
}

bool BlockRunner::releaseWave(size_t start, size_t count) {
  const Thread &first = threads[start];
  std::vector<const void *> in;
  std::vector<void *> out;
  for (size_t i = start; i < start + count; ++i) {
    const Thread &thread = threads[i];
    if (thread.wait != Wait::Collective || thread.site != first.site || count != size_t(launch->kernel->wave))
      return false;
    in.push_back(thread.in);
    out.push_back(thread.out);
  }
  execute(moert_collective(first.operation), in, out);
  for (size_t i = start; i < start + count; ++i)
    threads[i].wait = Wait::Nothing;
  return true;
}

void BlockRunner::reportDivergence() {
  auto describe = [](const Thread &thread) {
    std::string where = thread.wait == Wait::Barrier ? "at barrier " : thread.wait == Wait::Collective ? "at wave instruction " : "at its end";
    return text("thread ", thread.number, " is ", where, thread.wait == Wait::End ? std::string() : std::to_string(thread.site));
  };
  const Thread &waiting = *std::find_if(threads.begin(), threads.end(), [](const Thread &thread) { return thread.wait != Wait::End; });
  auto other = std::find_if(threads.begin(), threads.end(), [&](const Thread &thread) { return thread.wait != waiting.wait || thread.site != waiting.site; });
  fault->report(text("kernel '", launch->name, "': threads diverge: ", describe(waiting),
                     other == threads.end() ? std::string(", and its wave is not whole") : ", " + describe(*other)));
}

} // namespace moert::emu
