//===- fiber.h - threads that take turns ------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include <cstddef>
#include <memory>

namespace moert::emu {

/// Code on a stack of its own that runs until it gives way. Why not ucontext: swapcontext enters the system each time, and an emulated
/// kernel changes fibers at each barrier and matrix instruction.
class Fiber {
public:
  using Body = void (*)(void *argument);

  Fiber();
  ~Fiber();
  Fiber(const Fiber &) = delete;

  /// Begins `body` anew at the next `resume`. Only where no earlier body is under way.
  void start(Body body, void *argument);
  /// Runs the body until it gives way or returns; true where it has returned.
  bool resume();
  /// Gives way, from inside of the body.
  void yield();

private:
  static void enter(Fiber *fiber);

  void *stack;         ///< with a page below it that may not be touched
  void *here = nullptr, *caller = nullptr; ///< stack pointers of what does not run
  Body body = nullptr;
  void *argument = nullptr;
  bool done = true;
};

} // namespace moert::emu
