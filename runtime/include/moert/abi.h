/*===- abi.h - what compiled code and the runtime know of each other --------------------------------------------===*\
|*
|* Compiled code calls the runtime through the table `moert_api` that every call carries; the runtime calls compiled code through
|* the symbols named at the end. Each entry of the table is one op of the `rt` dialect (dialects/Rt). Plain C, no other header.
|*
\*===------------------------------------------------------------------------------------------------------------===*/
#ifndef MOERT_ABI_H
#define MOERT_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a field is moved or its meaning changes; code of another version is refused when it is loaded. */
#define MOERT_ABI_VERSION 4

typedef struct moert_call moert_call;
struct moert_device;

/* A tensor that compiled code exchanges with an operator of the host. */
typedef struct moert_value {
  void *data;    /* elements in row-major order */
  int64_t *dims; /* `rank` lengths */
  int32_t rank;
  int32_t type; /* moert_type */
} moert_value;

/* A kernel: does the tasks [begin, end) of a launch. `args` are the launch's operands, 8 bytes each: addresses, lengths, scalars.
   Called from several threads at once with ranges that do not overlap. */
typedef void (*moert_kernel)(moert_call *call, int64_t begin, int64_t end, const int64_t *args);

/* How often a kernel of the target's own code runs: once for each thread of each block. */
typedef struct moert_grid {
  int64_t blocks[3];
  int32_t threads[3]; /* of a block */
  int32_t shared;     /* bytes of workgroup memory beyond what the kernel declares */
} moert_grid;

typedef struct moert_api {
  /* Memory for `bytes` bytes, aligned to 64, valid until released or the call ends; never null (the call fails instead, and the
     memory is then a page that may be written but holds nothing). Only the thread that runs the entry asks. */
  void *(*allocate)(moert_call *call, int64_t bytes);
  void (*release)(moert_call *call, void *memory);
  /* Runs `kernel` over [0, tasks); returns when all tasks are done. `cost` is one task's work in nanoseconds: launches too small to
     pay for a hand-over run on the calling thread. The division of tasks never changes results. */
  void (*parallel)(moert_call *call, moert_kernel kernel, const int64_t *args, int64_t tasks, int64_t cost);
  /* The bytes of weight `index` of the artefact's list; resident until the call ends. */
  void *(*param)(moert_call *call, int32_t index);
  /* Marks the call as failed: its status is MOERT_INVALID_ARGUMENT with `message`, the first one wins. Any thread. */
  void (*fail)(moert_call *call, const char *message);
  /* Gives result `index`: `rank` lengths at `dims`, elements at `data` in row-major order. The memory becomes the runtime's where it came
     from `allocate`, else it is copied. */
  void (*output)(moert_call *call, int32_t index, void *data, int32_t rank, const int64_t *dims);
  /* Runs the operator that the host program registered as `name` (moert_register_op); `attributes` is a JSON object. Each of `outputs`
     has on entry its type, its rank and room for its lengths; on return also its lengths and memory as from `allocate`. Where the call
     fails, lengths are 0. Only the thread that runs the entry asks. */
  void (*host_op)(moert_call *call, const char *name, const char *attributes, int32_t num_inputs, const moert_value *inputs,
                  int32_t num_outputs, moert_value *outputs);
  /* Tells to which of `experts` experts the next expert layer sends its tokens: `ids` is [tokens, slots] in row-major order, readable by
     the host, integers of `id_bytes` bytes, 4 or 8; -1 is no expert. An expert's weights are `expert_bytes` bytes. The n-th call of a run is
     of the n-th expert layer that runs. Does nothing unless the session is observed (moert_session_observe_routing). Only the thread that
     runs the entry asks. */
  void (*routed)(moert_call *call, const void *ids, int32_t id_bytes, int64_t tokens, int64_t slots, int64_t experts, int64_t expert_bytes);
  /* The memory of state `index` of the artefact's list. `lengths` holds on entry the lengths of a fresh state (with 0 along the state's
     axis), or where `append` is 1 those of what is added along that axis; on return the lengths that the state has now. Rows along the
     axis are laid out as if it were `*room` long; rows that were added are to be written. Earlier addresses stay valid until the call
     ends, and keep what they hold. A call that fails leaves all states as they were. Only the thread that runs the entry asks. */
  void *(*state)(moert_call *call, int32_t index, int32_t append, int64_t *lengths, int64_t *room);
  /* The value of state `index` once the call has ended well; the memory is taken as by `output`. */
  void (*set_state)(moert_call *call, int32_t index, void *data, const int64_t *lengths);
  /* Starts kernel `kernel` of the target's list on a grid; kernels run in the order of their launches, and nobody waits. Each of the
     `num_args` operands is 8 bytes, a narrower one in the lowest of them. A grid without blocks does nothing. Only the thread that runs
     the entry asks. */
  void (*launch)(moert_call *call, int32_t kernel, const moert_grid *grid, const int64_t *args, int32_t num_args);
  /* Returns once memory holds what all launches wrote: before the host reads or writes memory that kernels use. A check that did not hold
     in one of them has failed the call by then. Only the thread that runs the entry asks. */
  void (*sync)(moert_call *call);
} moert_api;

/* The part of a call that compiled code and devices read. */
struct moert_call {
  const moert_api *api;
  int32_t failed; /* not 0 once a check did not hold: the entry then returns early, and launches do nothing */
  struct moert_device *device; /* for the device's own functions only */
};

/* An argument of an entry. */
typedef struct moert_argument {
  void *data;          /* elements in row-major order; one narrower than a byte takes a whole one */
  const int64_t *dims; /* lengths of all axes */
} moert_argument;

/* Symbols of a code file:
     const int32_t moe_abi_version;
     void moe_select_isa(int32_t level);                       called once before any entry; level is moert_isa
     void moe_entry_NAME(moert_call *, const moert_argument *); one per entry point of the manifest */
typedef void (*moert_select)(int32_t level);
typedef void (*moert_entry)(moert_call *call, const moert_argument *inputs);

/* Instruction sets, each with all of those before it. */
typedef enum moert_isa {
  MOERT_ISA_AVX2 = 0,   /* x86-64-v3: AVX2, FMA, F16C */
  MOERT_ISA_AVX512 = 1, /* x86-64-v4 with VNNI, BF16 and VBMI */
  MOERT_ISA_AMX = 2     /* tiles of bf16 and int8 */
} moert_isa;

#ifdef __cplusplus
}
#endif
#endif
