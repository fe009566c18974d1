//===- pool.cpp - threads that share the tasks of a launch ------------------------------------------------------------===//
#include "pool.h"
#include <algorithm>
#include <chrono>
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace moert {

static int64_t now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

ThreadPool::ThreadPool(int32_t count) : owner(::getpid()) {
  try {
    for (int32_t i = 1; i < count; ++i)
      threads.emplace_back([this] { serve(); });
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping = true;
  launches.fetch_add(1);
  launches.notify_all();
  for (std::thread &thread : threads)
    owner == ::getpid() ? thread.join() : thread.detach();
}

void ThreadPool::takeTasks() {
  int64_t end = tasks.load(std::memory_order_relaxed);
  for (int64_t begin; (begin = next.fetch_add(step, std::memory_order_relaxed)) < end;)
    kernel(call, begin, std::min(begin + step, end), args);
}

/// Returns the number of the launch that is not `seen`.
uint32_t ThreadPool::awaitLaunch(uint32_t seen) {
  int64_t deadline = now() + kSpin;
  for (uint32_t turn = 1;; ++turn) {
    uint32_t current = launches.load(std::memory_order_acquire);
    if (current != seen)
      return current;
    _mm_pause();
    if (turn % 64 != 0 || now() < deadline)
      continue;
    sleepers.fetch_add(1);
    launches.wait(seen);
    sleepers.fetch_sub(1);
    deadline = now() + kSpin;
  }
}

void ThreadPool::serve() {
  for (uint32_t seen = 0;;) {
    seen = awaitLaunch(seen);
    if (stopping.load(std::memory_order_relaxed))
      return;
    // A look from outside keeps threads that come late away from the gate, where the caller would have to wait for them.
    if (next.load(std::memory_order_relaxed) >= tasks.load(std::memory_order_relaxed))
      continue;
    if (gate.fetch_add(1, std::memory_order_acquire) & kOpen)
      takeTasks();
    gate.fetch_sub(1, std::memory_order_release);
  }
}

void ThreadPool::leaveProcessorOf(int caller) {
  cpu_set_t usable;
  if (caller < 0 || caller == avoided || owner != ::getpid() || ::sched_getaffinity(0, sizeof usable, &usable) != 0)
    return;
  CPU_CLR(size_t(caller), &usable);
  if (size_t(CPU_COUNT(&usable)) < threads.size())
    return; // there are too few processors to leave one
  for (std::thread &thread : threads)
    ::pthread_setaffinity_np(thread.native_handle(), sizeof usable, &usable);
  avoided = caller;
}

void ThreadPool::run(moert_call *theCall, moert_kernel theKernel, const int64_t *theArgs, int64_t theTasks, int64_t theStep) {
  call = theCall;
  kernel = theKernel;
  args = theArgs;
  step = theStep;
  tasks.store(theTasks, std::memory_order_relaxed);
  next.store(0, std::memory_order_relaxed);
  gate.fetch_or(kOpen, std::memory_order_release);
  launches.fetch_add(1); // sequentially consistent, as `sleepers` is: either the sleeper sees the launch or we see the sleeper
  if (sleepers.load() > 0) {
    leaveProcessorOf(::sched_getcpu());
    launches.notify_all();
  }
  takeTasks();
  gate.fetch_and(~kOpen, std::memory_order_acquire);
  for (uint32_t turn = 1; gate.load(std::memory_order_acquire) != 0; ++turn) {
    _mm_pause();
    if (turn > 2000) // somebody inside was interrupted: let it run
      std::this_thread::yield();
  }
}

} // namespace moert
