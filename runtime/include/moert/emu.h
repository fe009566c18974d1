/*===- emu.h - what emulated device code and the emulator know of each other ---------------------------------------===*\
|*
|* Device code for `emu` is the code for a GPU, compiled for this processor: a kernel is a function that runs one thread. What the
|* GPU's instructions for threads that work together do, the emulator does: the code calls it through the thread that it gets.
|* Plain C, no other header.
|*
\*===------------------------------------------------------------------------------------------------------------===*/
#ifndef MOERT_EMU_H
#define MOERT_EMU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct moert_thread moert_thread;

/* Instructions that all threads of a wave execute together. `in` holds the operands one behind the other, `out` takes the result; the
   layouts are those of the hardware's registers. */
typedef enum moert_collective {
  MOERT_SHUFFLE_INDEX, /* value, lane | clamp: u32 each -> u32; as NVIDIA's shfl.sync.idx */
  MOERT_SHUFFLE_XOR,
  MOERT_SHUFFLE_UP,
  MOERT_SHUFFLE_DOWN,
  MOERT_PERMUTE,          /* 4 * lane, value: u32 each -> u32; AMD's ds_bpermute */
  MOERT_MMA_16x8x16_BF16, /* NVIDIA's mma.sync.m16n8k16 of bf16: 4 + 2 words, 4 floats -> 4 floats */
  MOERT_MFMA_16x16x16_BF16, /* AMD's v_mfma_f32_16x16x16_bf16: 4 + 4 bf16, 4 floats -> 4 floats */
  MOERT_MFMA_16x16x4_F32,   /* AMD's v_mfma_f32_16x16x4_f32: 1 + 1 + 4 floats -> 4 floats */
  MOERT_NUM_COLLECTIVES
} moert_collective;

typedef struct moert_emulator {
  /* An access of `bytes` bytes of workgroup memory: where to do it, which is elsewhere if it is out of bounds. */
  void *(*access)(moert_thread *thread, void *address, int32_t bytes, int32_t write);
  /* Returns once all threads of the block are here; `site` tells the barriers of a kernel apart. */
  void (*barrier)(moert_thread *thread, int32_t site);
  /* Returns once all threads of the wave are here and the instruction is done. */
  void (*collective)(moert_thread *thread, int32_t site, int32_t operation, const void *in, void *out);
} moert_emulator;

struct moert_thread {
  const moert_emulator *emulator;
  int32_t thread[3], block[3];   /* where it is */
  int32_t threads[3], blocks[3]; /* of a block, of the grid */
  int32_t lane;                  /* in its wave */
  char *shared;                  /* workgroup memory of its block */
};

/* Runs one thread; `args` as in moert_api.launch. */
typedef void (*moert_emu_kernel)(moert_thread *thread, const int64_t *args);

/* An array in workgroup memory. */
typedef struct moert_emu_array {
  int32_t offset, bytes;
} moert_emu_array;

/* Symbol moe_kernel_NAME. */
typedef struct moert_emu_kernel_info {
  moert_emu_kernel run;
  int32_t wave;        /* threads of a wave */
  int32_t cooperative; /* not 0: it has barriers or instructions of a wave */
  int32_t shared;      /* bytes of workgroup memory */
  int32_t num_arrays;
  const moert_emu_array *arrays; /* in rising order; between them nothing may be accessed */
} moert_emu_kernel_info;

#ifdef __cplusplus
}
#endif
#endif
