/*===- sample_code.c - a code file by hand: one entry for each thing that the suite tests -------------------------===*/
#include "moert/abi.h"

const int32_t moe_abi_version = MOERT_ABI_VERSION;
static int32_t isa_level = -1;
void moe_select_isa(int32_t level) { isa_level = level; }

enum { kLongTask = 100000 }; /* nanoseconds: makes a launch worth several threads */

/* scale: (x: f32[n]) -> x * weight 0 */
static void scale_kernel(moert_call *call, int64_t begin, int64_t end, const int64_t *args) {
  (void)call;
  const float *x = (const float *)args[0], *weight = (const float *)args[1];
  float *result = (float *)args[2];
  for (int64_t i = begin; i < end; ++i)
    result[i] = x[i] * weight[0];
}
void moe_entry_scale(moert_call *call, const moert_argument *inputs) {
  int64_t n = inputs[0].dims[0];
  float *result = call->api->allocate(call, n * 4);
  int64_t args[] = {(int64_t)inputs[0].data, (int64_t)call->api->param(call, 0), (int64_t)result};
  call->api->parallel(call, scale_kernel, args, n, kLongTask);
  call->api->output(call, 0, result, 1, &n);
}

/* tasks: (n: i64[], cost: i64[]) -> i32[n], how often each task ran */
static void tasks_kernel(moert_call *call, int64_t begin, int64_t end, const int64_t *args) {
  (void)call;
  for (int64_t i = begin; i < end; ++i)
    __atomic_fetch_add((int32_t *)args[0] + i, 1, __ATOMIC_RELAXED);
}
void moe_entry_tasks(moert_call *call, const moert_argument *inputs) {
  int64_t n = *(int64_t *)inputs[0].data, cost = *(int64_t *)inputs[1].data;
  int32_t *result = call->api->allocate(call, n * 4);
  for (int64_t i = 0; i < n; ++i)
    result[i] = 0;
  int64_t args[] = {(int64_t)result};
  call->api->parallel(call, tasks_kernel, args, n, cost);
  call->api->output(call, 0, result, 1, &n);
}

/* pass: (x: f32[n]) -> x, and x again */
void moe_entry_pass(moert_call *call, const moert_argument *inputs) {
  call->api->output(call, 0, inputs[0].data, 1, inputs[0].dims);
  call->api->output(call, 1, inputs[0].data, 1, inputs[0].dims);
}

/* shared: () -> a block, the same block, its part from byte 64 on, weight 0; all f32[4] of 0, 1, 2, ... */
void moe_entry_shared(moert_call *call, const moert_argument *inputs) {
  (void)inputs;
  int64_t four = 4;
  float *block = call->api->allocate(call, 128);
  for (int i = 0; i < 32; ++i)
    block[i] = (float)i;
  call->api->output(call, 0, block, 1, &four);
  call->api->output(call, 1, block, 1, &four);
  call->api->output(call, 2, block + 16, 1, &four);
  call->api->output(call, 3, call->api->param(call, 0), 1, &four);
}

/* refuse: (x: i64[n]) -> x; fails where an element is negative, from inside a kernel */
static void refuse_kernel(moert_call *call, int64_t begin, int64_t end, const int64_t *args) {
  for (int64_t i = begin; i < end; ++i)
    if (((const int64_t *)args[0])[i] < 0)
      call->api->fail(call, "an element is negative");
}
void moe_entry_refuse(moert_call *call, const moert_argument *inputs) {
  int64_t args[] = {(int64_t)inputs[0].data};
  call->api->parallel(call, refuse_kernel, args, inputs[0].dims[0], kLongTask);
  if (call->failed)
    return;
  call->api->output(call, 0, inputs[0].data, 1, inputs[0].dims);
}

/* memory: (bytes: i64[]) -> i64[]: asks for memory, writes to its start, launches a kernel over all of it where it was given */
static void fill_kernel(moert_call *call, int64_t begin, int64_t end, const int64_t *args) {
  (void)call;
  for (int64_t i = begin; i < end; ++i)
    ((char *)args[0])[i] = 1;
}
void moe_entry_memory(moert_call *call, const moert_argument *inputs) {
  int64_t bytes = *(int64_t *)inputs[0].data, none = 0;
  char *block = call->api->allocate(call, bytes);
  block[0] = 1;
  int64_t args[] = {(int64_t)block};
  call->api->parallel(call, fill_kernel, args, bytes, 1);
  call->api->release(call, block);
  call->api->output(call, 0, inputs[0].data, 0, &none);
}

/* wrong: (kind: i64[]) -> f32[n]: breaks the ABI in one of several ways */
void moe_entry_wrong(moert_call *call, const moert_argument *inputs) {
  int64_t kind = *(int64_t *)inputs[0].data, dims[] = {1, -1};
  float *block = call->api->allocate(call, 64);
  switch (kind) {
  case 0: /* gives nothing */
    break;
  case 1: /* an output that does not exist */
    call->api->output(call, 7, block, 1, dims);
    break;
  case 2: /* another rank */
    call->api->output(call, 0, block, 2, dims);
    break;
  case 3: /* a negative length */
    call->api->output(call, 0, block, 1, dims + 1);
    break;
  case 4: /* twice */
    call->api->output(call, 0, block, 1, dims);
    call->api->output(call, 0, block, 1, dims);
    break;
  case 5: /* releases what it does not have */
    call->api->release(call, block + 4);
    break;
  default: /* a weight that does not exist */
    call->api->param(call, 99);
  }
}

/* host: (x: f32[n]) -> what the host's operator test.Twice makes of it */
void moe_entry_host(moert_call *call, const moert_argument *inputs) {
  int64_t in_dims[] = {inputs[0].dims[0]}, out_dims[1];
  moert_value in = {inputs[0].data, in_dims, 1, 11}, out = {0, out_dims, 1, 11}; /* 11: MOERT_FLOAT32 */
  call->api->host_op(call, "test.Twice", "{\"by\": 2}", 1, &in, 1, &out);
  call->api->output(call, 0, out.data, 1, out_dims);
}

/* route: (ids: i64[n, 2]) -> the ids; two expert layers, of 4 experts and, where the same memory is read as i32[n, 4], of 3 */
void moe_entry_route(moert_call *call, const moert_argument *inputs) {
  int64_t tokens = inputs[0].dims[0];
  call->api->routed(call, inputs[0].data, 8, tokens, 2, 4, 100);
  call->api->routed(call, inputs[0].data, 4, tokens, 4, 3, 0);
  call->api->output(call, 0, inputs[0].data, 2, inputs[0].dims);
}

/* level: () -> the instruction set that was selected */
void moe_entry_level(moert_call *call, const moert_argument *inputs) {
  (void)inputs;
  int64_t none = 0;
  int32_t *block = call->api->allocate(call, 4);
  *block = isa_level;
  call->api->output(call, 0, block, 0, &none);
}

/* grow: (x: f32[batch, n, 2]) -> state 0 with x behind its rows; fails where x begins with a negative number, after it has grown */
void moe_entry_grow(moert_call *call, const moert_argument *inputs) {
  const float *x = inputs[0].data;
  int64_t batch = inputs[0].dims[0], added = inputs[0].dims[1], lengths[] = {batch, added, 2}, room;
  float *rows = call->api->state(call, 0, 1, lengths, &room);
  if (call->failed)
    return;
  int64_t length = lengths[1];
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < added * 2; ++i)
      rows[(b * room + length - added) * 2 + i] = x[b * added * 2 + i];
  if (batch * added && x[0] < 0)
    return call->api->fail(call, "negative");
  float *result = call->api->allocate(call, batch * length * 8);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < length * 2; ++i)
      result[b * length * 2 + i] = rows[b * room * 2 + i];
  call->api->output(call, 0, result, 3, lengths);
}

/* last: (x: f32[n]) -> state 1, which becomes x */
void moe_entry_last(moert_call *call, const moert_argument *inputs) {
  int64_t n = inputs[0].dims[0], room;
  float *before = call->api->state(call, 1, 0, &n, &room);
  if (call->failed)
    return;
  call->api->set_state(call, 1, inputs[0].data, &n);
  call->api->output(call, 0, before, 1, &n);
}
