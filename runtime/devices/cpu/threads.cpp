//===- threads.cpp - how many threads the process should use -----------------------------------------------------------===//
#include "pool.h"
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sched.h>
#include <set>
#include <string>

namespace moert {

/// Cores among the processors that the process may use: hyper-threads of one core count once.
static int32_t usableCores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0)
    return int32_t(std::max(1u, std::thread::hardware_concurrency()));
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set))
      continue;
    std::string siblings;
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    cores.insert(file >> siblings ? siblings : std::to_string(cpu));
  }
  return int32_t(std::max<size_t>(1, cores.size()));
}

/// Whole processors of the control group's quota; a large number where there is none.
static int32_t quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  int64_t time = 0, period = 0;
  if (!(file >> time >> period) || period <= 0)
    return INT32_MAX;
  return int32_t(std::clamp<int64_t>((time + period - 1) / period, 1, INT32_MAX));
}

int32_t defaultThreads() {
  if (const char *text = std::getenv("OMP_NUM_THREADS"))
    if (int wanted = std::atoi(text); wanted > 0)
      return wanted;
  return std::min(usableCores(), quota());
}

} // namespace moert
