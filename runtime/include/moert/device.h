/*===- device.h - what a device supplies --------------------------------------------------------------------------===*\
|*
|* A device is a table of functions. Each session opens its own instance, so no entry needs locks of its own unless it says so; an
|* instance is used by one thread at a time. Devices are linked into the runtime and listed in src/devices.cpp; all of them pass
|* the suite in cts/.
|*
\*===------------------------------------------------------------------------------------------------------------===*/
#ifndef MOERT_DEVICE_H
#define MOERT_DEVICE_H

#include "moert/abi.h"
#include "moert/moert.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An open instance; each device defines its own. */
typedef struct moert_device moert_device;

/* Device code of an artefact that an instance has taken; each device defines its own. */
typedef struct moert_program moert_program;

/* Device code as the artefact holds it. */
typedef struct moert_device_code {
  const char *name;    /* of the file, for messages */
  const void *bytes;
  int64_t num_bytes;
  const char *const *kernels; /* names in the order of their numbers */
  int32_t num_kernels;
} moert_device_code;

typedef struct moert_device_table {
  /* How users call the device. Required. */
  const char *name;

  /* Opens an instance that uses `threads` threads, or its default number where that is 0. On failure writes at most `size` characters
     with the final 0 to `message` and leaves `*device` alone. Required. */
  moert_code (*open)(int32_t threads, moert_device **device, char *message, size_t size);
  /* Closes an instance; all its memory was released before. Required. */
  void (*close)(moert_device *device);
  /* How many threads work on a launch. Required. */
  int32_t (*threads)(const moert_device *device);

  /* `bytes` bytes of zeroed memory that host code may read and write, aligned to a page; null where there is no more. Required. */
  void *(*allocate)(moert_device *device, int64_t bytes);
  /* Returns memory with the size it was allocated with. May be called from another thread than the one that runs. Required. */
  void (*release)(moert_device *device, void *memory, int64_t bytes);

  /* moert_api.parallel: `call->device` is the instance. Returns when all tasks are done, or at once where the call has failed.
     Required. */
  void (*parallel)(moert_call *call, moert_kernel kernel, const int64_t *args, int64_t tasks, int64_t cost);

  /* The remaining functions are of devices that run code of their own; all of them are present or all absent. */

  /* Takes the device code of an artefact. What `code` points to stays valid until `unload`. Failures as in `open`. */
  moert_code (*load)(moert_device *device, const moert_device_code *code, moert_program **program, char *message, size_t size);
  /* Drops a program; nothing of it runs any more. */
  void (*unload)(moert_device *device, moert_program *program);
  /* moert_api.launch; failures as in `open`, those that show later are reported by `synchronize`. */
  moert_code (*launch)(moert_device *device, moert_program *program, int32_t kernel, const moert_grid *grid, const int64_t *args,
                       int32_t num_args, char *message, size_t size);
  /* Waits until results of earlier launches can be read. Failures as in `open`. */
  moert_code (*synchronize)(moert_device *device, char *message, size_t size);
} moert_device_table;

#ifdef __cplusplus
}
#endif
#endif
