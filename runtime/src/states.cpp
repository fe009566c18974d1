//===- states.cpp - what a session keeps from run to run ------------------------------------------------------------===//
#include "states.h"
#include "types.h"
#include <algorithm>
#include <cstring>

namespace moert {

constexpr int64_t kFirstRoom = 32; ///< rows of a state that begins to grow; doubled whenever it is full

/// Rows of `bytes` bytes along an axis, `count` times in the axes before it.
struct Rows {
  Rows(const StateInfo &info, const std::vector<int64_t> &lengths) : bytes(moert_type_bytes(info.value.type)) {
    for (size_t axis = 0; axis < lengths.size(); ++axis)
      (int64_t(axis) < info.axis ? count : bytes) *= int64_t(axis) == info.axis ? 1 : lengths[axis];
  }
  int64_t count = 1, bytes;
};

/// The bytes of a state with room for `length` rows; nullopt where that is no size.
static std::optional<int64_t> sizeOf(const StateInfo &info, std::vector<int64_t> lengths, int64_t length) {
  if (info.axis >= 0)
    lengths[info.axis] = length;
  return byteSize(info.value.type, lengths.data(), int32_t(lengths.size()));
}

Status States::allocate(int64_t bytes, void **memory) {
  *memory = arena->allocate(bytes);
  if (!*memory || !arena->keep(*memory))
    return fail(MOERT_OUT_OF_MEMORY, "no memory for a state of ", bytes, " bytes");
  return {};
}

Status States::checkLengths(const StateInfo &info, const State &state, const int64_t *lengths) const {
  for (size_t axis = 0; axis < state.lengths.size(); ++axis)
    if (int64_t(axis) != info.axis && state.lengths[axis] != lengths[axis])
      return fail(MOERT_INVALID_ARGUMENT, "state '", info.value.name, "' has length ", state.lengths[axis], " along axis ", axis, ", this run asks for ",
                  lengths[axis], "; reset the session to begin anew");
  return {};
}

/// Gives the state room for `length` rows.
Status States::reserve(const StateInfo &info, State &state, int64_t length) {
  bool fresh = !state.memory;
  if (!fresh && length <= state.room)
    return {};
  int64_t room = info.axis < 0 || length == 0 ? length : std::max({length, state.room * 2, kFirstRoom});
  auto bytes = sizeOf(info, state.lengths, room);
  if (!bytes)
    return fail(MOERT_INVALID_ARGUMENT, "state '", info.value.name, "' has no valid shape");
  void *memory = nullptr;
  if (Status status = allocate(*bytes, &memory))
    return status;
  if (Status status = settle())
    return status;
  if (fresh) {
    std::memset(memory, 0, size_t(*bytes));
  } else {
    Rows rows(info, state.lengths);
    int64_t used = state.lengths[info.axis] * rows.bytes;
    for (int64_t i = 0; i < rows.count; ++i)
      std::memcpy(static_cast<char *>(memory) + i * room * rows.bytes, static_cast<char *>(state.memory) + i * state.room * rows.bytes, size_t(used));
    if (const State &before = kept[&state - now.data()]; before.memory != state.memory)
      retired.push_back(state.memory);
  }
  state.memory = memory;
  state.room = room;
  return {};
}

Status States::state(int32_t index, bool append, int64_t *lengths, int64_t *room, void **memory) {
  if (size_t(index) >= infos.size() || (append && infos[index].axis < 0))
    return fail(MOERT_INTERNAL, "the code asks for state ", index, ", against the manifest");
  const StateInfo &info = infos[index];
  State &state = now[index];
  int64_t added = append ? lengths[info.axis] : 0;
  if (!state.memory) {
    state.lengths.assign(lengths, lengths + info.value.dims.size());
    if (info.axis >= 0)
      state.lengths[info.axis] = 0;
  } else if (Status status = checkLengths(info, state, lengths)) {
    return status;
  }
  int64_t length = 0;
  if (info.axis >= 0 && __builtin_add_overflow(state.lengths[info.axis], added, &length))
    return fail(MOERT_INVALID_ARGUMENT, "state '", info.value.name, "' has no valid shape");
  if (Status status = reserve(info, state, length))
    return status;
  if (info.axis >= 0)
    state.lengths[info.axis] = length;
  std::copy(state.lengths.begin(), state.lengths.end(), lengths);
  *room = state.room;
  *memory = state.memory;
  return {};
}

Status States::set(int32_t index, void *data, const int64_t *lengths) {
  if (size_t(index) >= infos.size())
    return fail(MOERT_INTERNAL, "the code sets state ", index, ", against the manifest");
  const StateInfo &info = infos[index];
  State next{nullptr, std::vector<int64_t>(lengths, lengths + info.value.dims.size()), 0};
  next.room = info.axis >= 0 ? lengths[info.axis] : 0;
  auto bytes = sizeOf(info, next.lengths, next.room);
  if (!bytes)
    return fail(MOERT_INVALID_ARGUMENT, "state '", info.value.name, "' has no valid shape");
  next.memory = data;
  if (!arena->keep(data)) { // an input, a weight, part of a block, or something else's memory by now
    if (Status status = allocate(*bytes, &next.memory))
      return status;
    if (Status status = settle())
      return status;
    std::memcpy(next.memory, data, size_t(*bytes));
  }
  if (now[index].memory && now[index].memory != kept[index].memory)
    retired.push_back(now[index].memory);
  now[index] = std::move(next);
  return {};
}

void States::end(bool well) {
  for (void *memory : retired)
    arena->release(memory);
  retired.clear();
  for (size_t i = 0; i < now.size(); ++i) {
    State &left = well ? kept[i] : now[i], &stays = well ? now[i] : kept[i];
    if (left.memory && left.memory != stays.memory)
      arena->release(left.memory);
    left = stays;
  }
}

void States::reset() {
  for (State &state : now)
    state = {};
  end(/*well=*/true);
}

Status States::copy(const States &other) {
  reset();
  for (size_t i = 0; i < infos.size(); ++i) {
    const State &from = other.kept[i];
    if (!from.memory)
      continue;
    now[i] = from;
    now[i].memory = nullptr;
    int64_t bytes = *sizeOf(infos[i], from.lengths, from.room);
    if (Status status = allocate(bytes, &now[i].memory)) {
      end(/*well=*/false);
      return status;
    }
    std::memcpy(now[i].memory, from.memory, size_t(bytes));
  }
  end(/*well=*/true);
  return {};
}

std::vector<std::vector<int64_t>> States::lengths() const {
  std::vector<std::vector<int64_t>> result;
  for (size_t i = 0; i < infos.size(); ++i) {
    result.push_back(kept[i].lengths);
    if (!kept[i].memory) {
      result.back() = infos[i].value.dims;
      if (infos[i].axis >= 0)
        result.back()[infos[i].axis] = 0;
    }
  }
  return result;
}

} // namespace moert
