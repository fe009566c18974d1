//===- ThreadPoolTest.cpp ------------------------------------------------------------------------------------------------===//
#include "pool.h"
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace moert;

namespace {

/// Adds args[1] to each element of the range.
void add(moert_call *, int64_t begin, int64_t end, const int64_t *args) {
  for (int64_t i = begin; i < end; ++i)
    reinterpret_cast<int64_t *>(args[0])[i] += args[1];
}

TEST(ThreadPoolTest, ManyLaunches) {
  for (int32_t threads : {1, 2, 5, 16}) {
    ThreadPool pool(threads);
    std::mt19937 random(5);
    std::vector<int64_t> values(5000);
    int64_t sum = 0;
    for (int launch = 0; launch < 3000; ++launch) {
      int64_t tasks = int64_t(random() % (launch % 100 ? 50 : 5000)) + 1, step = int64_t(random() % 9) + 1;
      int64_t args[] = {reinterpret_cast<int64_t>(values.data()), launch}; // gone when the launch is over
      pool.run(nullptr, add, args, tasks, step);
      sum += tasks * launch;
    }
    EXPECT_EQ(std::accumulate(values.begin(), values.end(), int64_t(0)), sum) << threads;
  }
}

TEST(ThreadPoolTest, SleepersWake) {
  ThreadPool pool(4);
  std::vector<int64_t> values(64);
  for (int round = 0; round < 20; ++round) {
    ::usleep(2000); // longer than idle threads spin
    int64_t args[] = {reinterpret_cast<int64_t>(values.data()), 1};
    pool.run(nullptr, add, args, 64, 1);
  }
  EXPECT_EQ(values, std::vector<int64_t>(64, 20));
}

TEST(ThreadPoolTest, AForkWorksAlone) {
  ThreadPool pool(4);
  pid_t child = ::fork();
  if (child == 0) {
    std::vector<int64_t> values(64);
    int64_t args[] = {reinterpret_cast<int64_t>(values.data()), 1};
    pool.run(nullptr, add, args, 64, 1);
    ::_exit(values == std::vector<int64_t>(64, 1) ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ThreadPoolTest, DefaultThreads) {
  ::unsetenv("OMP_NUM_THREADS");
  EXPECT_GE(defaultThreads(), 1);
  ::setenv("OMP_NUM_THREADS", "3", 1);
  EXPECT_EQ(defaultThreads(), 3);
  ::setenv("OMP_NUM_THREADS", "many", 1);
  EXPECT_GE(defaultThreads(), 1);
  ::unsetenv("OMP_NUM_THREADS");
}

} // namespace
