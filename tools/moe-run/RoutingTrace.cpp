//===- RoutingTrace.cpp - which experts the tokens went to --------------------------------------------------------===//
#include "RoutingTrace.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace moerun {

void RoutingTrace::add(const moert_routing &routing) {
  size_t index = size_t(routing.layer);
  if (index == theLayers.size())
    theLayers.push_back({routing.experts, routing.slots, std::vector<int64_t>(size_t(routing.experts)), routing.expert_bytes});
  Layer &layer = theLayers[index];
  if (layer.experts != routing.experts || layer.slots != routing.slots) {
    uniform = false;
    return;
  }
  std::vector<int32_t> ids(routing.ids, routing.ids + routing.tokens * routing.slots);
  for (int32_t id : ids)
    if (id >= 0)
      ++layer.use[size_t(id)];
  if (!keepRuns)
    return;
  if (index == 0)
    runs.emplace_back();
  runs.back().push_back(std::move(ids));
}

int64_t RoutingTrace::unreadBytes() const {
  int64_t bytes = 0;
  for (const Layer &layer : theLayers)
    bytes += std::count(layer.use.begin(), layer.use.end(), 0) * layer.expertBytes;
  return bytes;
}

void RoutingTrace::write(const std::string &path) const {
  auto sameLayers = [&](auto &run) { return run.size() == theLayers.size(); };
  if (!uniform || !std::all_of(runs.begin(), runs.end(), sameLayers))
    throw Failure(Exit::Invalid, path + ": the runs came to different expert layers; a routing trace holds runs through the same layers");
  std::ofstream file(path, std::ios::trunc);
  // The elements in brackets, each written by `one`.
  auto list = [&](auto &items, const char *separator, auto one) {
    file << '[';
    for (size_t i = 0; i < items.size(); ++i) {
      file << (i ? separator : "");
      one(items[i]);
    }
    file << ']';
  };
  file << "{\"format\": \"moe-routing\", \"version\": 1,\n \"layers\": ";
  list(theLayers, ", ", [&](const Layer &layer) { file << "{\"experts\": " << layer.experts << ", \"slots\": " << layer.slots << '}'; });
  file << ",\n \"runs\": ";
  list(runs, ",\n", [&](auto &run) { list(run, ",", [&](auto &ids) { list(ids, ",", [&](int32_t id) { file << id; }); }); });
  file << "}\n";
  if (!file.flush())
    throw Failure(Exit::System, "cannot write " + path + ": " + std::strerror(errno));
}

void observeRouting(Model &model, RoutingTrace &trace) {
  auto observer = [](void *user, const moert_routing *routing) { static_cast<RoutingTrace *>(user)->add(*routing); };
  check(moert_session_observe_routing(model.session(), observer, &trace));
}

} // namespace moerun
