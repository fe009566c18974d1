//===- pool.h - threads that share the tasks of a launch ------------------------------------------------*- C++ -*-===//
//
// Why not OpenMP: at the end of a parallel region the caller waits for every thread of the team, also for those that the system has not
// let run yet. On a machine that others use too, a launch of 20 microseconds then takes milliseconds (figures in runtime/README.md), and
// how long idle threads spin is settled by the environment before this library is loaded. Here the caller waits only for threads that
// have taken tasks; a thread that comes too late finds nothing to do.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moert/abi.h"
#include <atomic>
#include <thread>
#include <vector>

namespace moert {

class ThreadPool {
public:
  /// Starts `threads` - 1 threads; the caller of `run` is the last one. Throws std::system_error where the system has no more.
  explicit ThreadPool(int32_t threads);
  ThreadPool(const ThreadPool &) = delete;
  ~ThreadPool();

  /// Runs the kernel over [0, tasks) in ranges of `step`; returns when all are done. One caller at a time.
  void run(moert_call *call, moert_kernel kernel, const int64_t *args, int64_t tasks, int64_t step);

private:
  /// Idle threads spin for so many nanoseconds before they sleep: longer than the host code between two launches takes.
  static constexpr int64_t kSpin = 100'000;
  static constexpr uint32_t kOpen = uint32_t(1) << 31;

  void serve();
  void stop();
  void takeTasks();
  uint32_t awaitLaunch(uint32_t seen);
  /// Keeps the threads away from the caller's processor: Linux may queue a thread that wakes up behind the one that woke it, which then works
  /// alone for milliseconds (2 on a virtual machine of two processors; 0.1 so).
  void leaveProcessorOf(int caller);

  // The launch: written while the gate is closed and nobody is inside.
  moert_call *call = nullptr;
  moert_kernel kernel = nullptr;
  const int64_t *args = nullptr;
  int64_t step = 0;
  std::atomic<int64_t> tasks = 0; ///< atomic because threads that are outside look at it
  alignas(64) std::atomic<int64_t> next = 0;
  alignas(64) std::atomic<uint32_t> gate = 0; ///< kOpen: threads may enter; the rest: how many are inside
  alignas(64) std::atomic<uint32_t> launches = 0;
  std::atomic<int32_t> sleepers = 0;
  std::atomic<bool> stopping = false;
  int avoided = -1; ///< the processor that the threads leave to the caller
  int owner; ///< the process that started the threads; a fork has none of them
  std::vector<std::thread> threads;
};

/// How many threads the process should use: OMP_NUM_THREADS where it is set, else the processor cores that it may use, without hyper-threads
/// and within its control group's quota.
int32_t defaultThreads();

} // namespace moert
