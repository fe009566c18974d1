//===- ExpertPicture.cpp - the experts' shares in the terminal ------------------------------------------------------===//
#include "ExpertPicture.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace moerun {
namespace {

constexpr size_t kWithPercent = 8, kCellsInLine = 64;

int64_t sum(const std::vector<int64_t> &use) { return std::accumulate(use.begin(), use.end(), int64_t(0)); }

template <typename... Args> std::string print(const char *format, Args... args) {
  char text[64];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

/// A share of tokens: a block, and a colour of the terminal's 256 from cold to hot. Limits are multiples of an equal share.
struct Shade {
  double below;
  const char *block;
  int colour;
};
constexpr Shade kShades[] = {{1e-9, "·", 240}, {0.5, "░", 25}, {1, "▒", 37}, {1.75, "▓", 178}, {HUGE_VAL, "█", 160}};

std::string cell(double share, size_t experts, bool colour) {
  const Shade &shade = *std::find_if(std::begin(kShades), std::end(kShades), [&](const Shade &row) { return share * double(experts) < row.below; });
  bool percent = experts <= kWithPercent;
  std::string text = percent ? std::string(shade.block) + shade.block + print("%-3.0f", 100 * share) : shade.block;
  return colour ? print("\033[38;5;%dm", shade.colour) + text + "\033[0m" : text;
}

std::string row(const std::vector<int64_t> &use, size_t nameWidth, bool colour) {
  double all = double(std::max<int64_t>(sum(use), 1));
  std::string text;
  for (size_t expert = 0; expert < use.size(); ++expert) {
    if (expert && expert % kCellsInLine == 0)
      text += "\n" + std::string(nameWidth, ' ');
    text += cell(double(use[expert]) / all, use.size(), colour);
  }
  auto busiest = std::max_element(use.begin(), use.end());
  return text + print("  evenness %.2f, most to %d: %.0f%%\n", evenness(use), int(busiest - use.begin()), 100 * double(*busiest) / all);
}

} // namespace

double evenness(const std::vector<int64_t> &use) {
  double all = double(sum(use)), entropy = 0;
  if (use.size() < 2 || all == 0)
    return 1;
  for (int64_t count : use)
    if (count > 0)
      entropy -= double(count) / all * std::log(double(count) / all);
  return entropy / std::log(double(use.size()));
}

std::string expertPicture(const std::vector<RoutingTrace::Layer> &layers, bool colour) {
  std::string text;
  for (size_t i = 0; i < layers.size(); ++i) {
    std::string name = print("layer %-4zu", i);
    text += name + row(layers[i].use, name.size(), colour);
  }
  if (text.empty())
    return text;
  return "experts' shares of the routed tokens, in percent: · none  ░ under half an equal share  ▒ under it  ▓ over it  █ far over it\n" + text;
}

} // namespace moerun
