//===- fiber.cpp - threads that take turns --------------------------------------------------------------------------===//
#include "fiber.h"
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace moert::emu {

constexpr size_t kStack = 128 << 10, kGuard = 4096;

/// Saves what a call must preserve on the stack, leaves the stack pointer in *from and goes on with `to`.
__attribute__((naked, noinline)) static void switchStacks(void **from, void *to) {
  asm(R"(
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
  )");
}

/// Where a new fiber begins: r12 holds what `start` put there.
__attribute__((naked, noinline)) static void trampoline() {
  asm(R"(
    movq %r12, %rdi
    callq *%r13
    ud2
  )");
}

Fiber::Fiber() {
  stack = ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || ::mprotect(stack, kGuard, PROT_NONE) != 0)
    throw std::bad_alloc();
}

Fiber::~Fiber() { ::munmap(stack, kStack); }

void Fiber::start(Body theBody, void *theArgument) {
  body = theBody;
  argument = theArgument;
  done = false;
  // What switchStacks takes from the stack: r15, r14, r13, r12, rbx, rbp and the address to return to.
  auto *top = reinterpret_cast<uint64_t *>(static_cast<char *>(stack) + kStack) - 2; // a call aligns the stack to 16 bytes
  *--top = reinterpret_cast<uint64_t>(&trampoline);
  *--top = 0;
  *--top = 0;
  *--top = reinterpret_cast<uint64_t>(this);
  *--top = reinterpret_cast<uint64_t>(&enter);
  *--top = 0;
  *--top = 0;
  here = top;
}

void Fiber::enter(Fiber *fiber) {
  fiber->body(fiber->argument);
  fiber->done = true;
  fiber->yield();
  std::abort(); // nobody resumes a fiber that is done
}

bool Fiber::resume() {
  switchStacks(&caller, here);
  return done;
}

void Fiber::yield() { switchStacks(&here, caller); }

} // namespace moert::emu
