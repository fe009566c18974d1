/*===- moert.h - loading and running artefacts: the C API ---------------------------------------------------------===*\
|*
|* A module is a loaded artefact, a session is what one thread at a time runs it with. Every function that can fail returns a status:
|* null where all went well, else an object that the caller frees. After a failure all output arguments are as they were, and every
|* object that took part stays usable unless the function says otherwise.
|*
|* Threads: a module may be used from any number of threads at once; a session, a status and a buffer from one at a time.
|*
\*===------------------------------------------------------------------------------------------------------------===*/
#ifndef MOERT_MOERT_H
#define MOERT_MOERT_H

#include <stddef.h>
#include <stdint.h>

#define MOERT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/*===- status ---------------------------------------------------------------------------------------------------===*/

typedef enum moert_code {
  MOERT_OK = 0,
  MOERT_INVALID_ARGUMENT = 1, /* an argument, an input or its content breaks a rule */
  MOERT_INVALID_ARTEFACT = 2, /* the folder is not an artefact, is damaged, or is of another version */
  MOERT_UNSUPPORTED = 3,      /* this machine or this build cannot do it */
  MOERT_IO = 4,               /* the operating system could not read */
  MOERT_OUT_OF_MEMORY = 5,
  MOERT_INTERNAL = 6          /* a bug of moe-opt or of the runtime */
} moert_code;

/* Why a call failed. Owned by the caller. Null stands for success in each of these functions. */
typedef struct moert_status moert_status;

MOERT_API moert_code moert_status_code(const moert_status *status);
/* One or more lines without a final newline; valid until the status is freed. */
MOERT_API const char *moert_status_message(const moert_status *status);
MOERT_API void moert_status_free(moert_status *status);

/*===- tensors --------------------------------------------------------------------------------------------------===*/

/* Element types. A boolean is a byte, 0 or 1. */
typedef enum moert_type {
  MOERT_BOOL = 0,
  MOERT_INT8 = 1,
  MOERT_INT16 = 2,
  MOERT_INT32 = 3,
  MOERT_INT64 = 4,
  MOERT_UINT8 = 5,
  MOERT_UINT16 = 6,
  MOERT_UINT32 = 7,
  MOERT_UINT64 = 8,
  MOERT_FLOAT16 = 9,
  MOERT_BFLOAT16 = 10,
  MOERT_FLOAT32 = 11,
  MOERT_FLOAT64 = 12,
  MOERT_F8E4M3FN = 13,
  MOERT_F8E5M2 = 14
} moert_type;

/* The name as numpy and ml_dtypes have it ("float32"), and the size of an element in bytes. Null and 0 for other values. */
MOERT_API const char *moert_type_name(moert_type type);
MOERT_API int64_t moert_type_bytes(moert_type type);

#define MOERT_MAX_RANK 16

/* Elements in row-major order in memory that somebody else owns. */
typedef struct moert_tensor {
  void *data;    /* aligned to the element's size; may be null where there are no elements */
  int64_t bytes; /* size of the memory at `data` */
  moert_type type;
  int32_t rank;
  int64_t dims[MOERT_MAX_RANK];
} moert_tensor;

/*===- modules --------------------------------------------------------------------------------------------------===*/

typedef struct moert_module moert_module;

typedef struct moert_module_options {
  const char *target; /* a name of the manifest's targets, or the device that one is for; null: the first that this machine can run */
  const char *isa;    /* "avx2", "avx512" or "amx": the best instruction set to use; null: the best that machine and code have */
} moert_module_options;

/* Loads the artefact in the folder `path`: checks the manifest, the digest of every file, and the version of the code, and only then
   loads code. Weights are mapped, not copied: the files must stay as they are while the module lives. `options` may be null. The caller
   owns the module. */
MOERT_API moert_status *moert_module_load(const char *path, const moert_module_options *options, moert_module **module);
/* The module lives on until the last session made from it is freed. Null is allowed. */
MOERT_API void moert_module_free(moert_module *module);

/* All strings and arrays below belong to the module. Indices out of range give null and 0. */
MOERT_API int32_t moert_module_num_targets(const moert_module *module);
MOERT_API const char *moert_module_target(const moert_module *module, int32_t index);
/* What was chosen when the module was loaded. */
MOERT_API const char *moert_module_chosen_target(const moert_module *module);
MOERT_API const char *moert_module_chosen_isa(const moert_module *module);
/* Bytes of all weights. */
MOERT_API int64_t moert_module_weight_bytes(const moert_module *module);

MOERT_API int32_t moert_module_num_entries(const moert_module *module);
MOERT_API const char *moert_module_entry(const moert_module *module, int32_t entry);
/* The entry's index, or -1. */
MOERT_API int32_t moert_module_find_entry(const moert_module *module, const char *name);

/* What an entry takes or gives. */
typedef struct moert_value_info {
  const char *name;
  moert_type type;
  int32_t rank;
  const int64_t *dims;            /* -1 where the length is not fixed */
  const char *const *expressions; /* lengths as text: a number, an expression over symbols, or "" where nothing is known */
} moert_value_info;

MOERT_API int32_t moert_module_num_inputs(const moert_module *module, int32_t entry);
MOERT_API int32_t moert_module_num_outputs(const moert_module *module, int32_t entry);
MOERT_API const moert_value_info *moert_module_input(const moert_module *module, int32_t entry, int32_t index);
MOERT_API const moert_value_info *moert_module_output(const moert_module *module, int32_t entry, int32_t index);

/* What sessions keep from run to run, in an artefact made with --stateful: caches of keys and values, states of recurrences. */
MOERT_API int32_t moert_module_num_states(const moert_module *module);
MOERT_API const moert_value_info *moert_module_state(const moert_module *module, int32_t index);

/* What follows for the inputs of an entry where `count` of its symbols have the given values: writes the length of every axis of every
   input, in order, to `lengths`, -1 where it does not follow. Uses the equalities that the entry states. Fails with
   MOERT_INVALID_ARGUMENT where the entry has no such symbol, or values contradict each other. */
MOERT_API moert_status *moert_module_input_lengths(const moert_module *module, int32_t entry, const char *const *symbols, const int64_t *values,
                                                   int32_t count, int64_t *lengths);

/* The best instruction set of this machine, as in moert_module_options; "" where it has none of those. */
MOERT_API const char *moert_machine_isa(void);

/*===- sessions -------------------------------------------------------------------------------------------------===*/

typedef struct moert_session moert_session;

typedef struct moert_session_options {
  const char *device; /* "null", which skips kernels, or the one of the module's target; null: that one */
  int32_t threads;    /* 0: what OMP_NUM_THREADS says, else one for each processor that the process may use */
} moert_session_options;

/* `options` may be null. The caller owns the session. Results do not depend on the number of threads. */
MOERT_API moert_status *moert_session_create(moert_module *module, const moert_session_options *options, moert_session **session);
/* Outputs that were not detached go with it. Null is allowed. */
MOERT_API void moert_session_free(moert_session *session);

/* Runs an entry. `inputs` are in the entry's order, borrowed for the call and not written to. Each element of `outputs` has on entry
   either null at `data`: the result then lies in the session's memory, valid until the session's next run begins, is detached or the
   session is freed; or the caller's memory of `bytes` bytes, into which the result is copied. All other fields are set by the run.
   The address of a result of the last run counts as null, so that an array of outputs may be used again and again.
   A run that fails leaves the session's states as they were, but for rows of a cache that the model itself overwrites.
   Fails with MOERT_INVALID_ARGUMENT where an input does not fit the entry or a check inside the model does not hold; with
   MOERT_INVALID_ARGUMENT also where another thread is inside a run of the same session. */
MOERT_API moert_status *moert_session_run(moert_session *session, int32_t entry, const moert_tensor *inputs, int32_t num_inputs,
                                          moert_tensor *outputs, int32_t num_outputs);

/* Makes all states of the session what they were before its first run: zeros, caches empty. Fails with MOERT_INVALID_ARGUMENT where
   another thread is inside a run of the session. */
MOERT_API moert_status *moert_session_reset(moert_session *session);
/* A new session of the same module with as many threads and a copy of all states, which the caller owns: two texts may go on from one
   beginning. Fails as moert_session_reset does. */
MOERT_API moert_status *moert_session_fork(moert_session *session, moert_session **copy);

/* What a session has used. */
typedef struct moert_session_stats {
  int64_t runs;
  int64_t live_bytes;     /* memory in use now: results that the session or a buffer holds */
  int64_t peak_bytes;     /* the most that a run had in use at once */
  int64_t reserved_bytes; /* memory that the session has from the operating system */
  int32_t threads;        /* that work on a launch */
} moert_session_stats;
MOERT_API void moert_session_get_stats(const moert_session *session, moert_session_stats *stats);

/* Memory of a result, kept beyond the run. */
typedef struct moert_buffer moert_buffer;

/* Takes the memory of an output of the last run over from the session: it stays valid until the buffer is freed, whatever becomes of
   the session. `data` is the output's. */
MOERT_API moert_status *moert_session_detach(moert_session *session, const void *data, moert_buffer **buffer);
MOERT_API void *moert_buffer_data(const moert_buffer *buffer);
/* May be called from any thread, also while the session runs. Null is allowed. */
MOERT_API void moert_buffer_free(moert_buffer *buffer);

/*===- routing ------------------------------------------------------------------------------------------------------===*/

/* How one expert layer of a run routes: token t goes to the experts ids[t * slots], ..., each from 0 to experts - 1, or -1 for none. */
typedef struct moert_routing {
  int32_t layer; /* 0, 1, ... in the order in which the run comes to the expert layers */
  int32_t experts;
  int64_t tokens, slots;
  const int32_t *ids;   /* valid during the call */
  int64_t expert_bytes; /* weights that an expert reads, once for all its tokens */
} moert_routing;

/* Is handed the routing of every expert layer, in order, on the thread that runs the session. */
typedef void (*moert_routing_observer)(void *user, const moert_routing *routing);

/* From the next run on, calls `observer` with `user` before each expert layer; null ends it. A session that is not observed spends nothing
   on it. On devices that skip kernels the ids say nothing. Fails with MOERT_INVALID_ARGUMENT where the session is null. */
MOERT_API moert_status *moert_session_observe_routing(moert_session *session, moert_routing_observer observer, void *user);

/*===- operators of the host ------------------------------------------------------------------------------------===*/

/* One call of an operator, valid while the operator runs. */
typedef struct moert_op_call moert_op_call;

/* Computes an operator that the compiler does not know. `attributes` is the ONNX node's attributes as a JSON object. `inputs` are only
   read. Every output must be asked for with moert_op_output. Runs on the thread that runs the session. */
typedef void (*moert_op)(void *user, moert_op_call *call, const char *attributes, const moert_tensor *inputs, int32_t num_inputs,
                         int32_t num_outputs);

/* Memory for output `index` with these lengths, for the operator to fill; null where the output does not exist, has another rank, was
   asked for before or memory is short, which also fails the call. The memory belongs to the session. */
MOERT_API void *moert_op_output(moert_op_call *call, int32_t index, const int64_t *dims, int32_t rank);
/* The element type that output `index` must have. */
MOERT_API moert_type moert_op_output_type(const moert_op_call *call, int32_t index);
/* Makes the run fail with MOERT_INVALID_ARGUMENT and this message, which is copied. */
MOERT_API void moert_op_fail(moert_op_call *call, const char *message);

/* Makes `op` what runs for nodes of the operator `name`, "domain.OpType", in all sessions; null removes it. `user` is handed to each
   call. Any thread; a run that is under way may still use what was there before. Fails where `name` is null or `op` is given and the name
   is taken. */
MOERT_API moert_status *moert_register_op(const char *name, moert_op op, void *user);

#ifdef __cplusplus
}
#endif
#endif
