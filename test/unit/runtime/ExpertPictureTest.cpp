//===- ExpertPictureTest.cpp - the experts' shares in the terminal ------------------------------------------------===//
#include "ExpertPicture.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace moerun;

namespace {

TEST(ExpertPictureTest, Evenness) {
  EXPECT_DOUBLE_EQ(evenness({5, 5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(evenness({0, 9, 0}), 0);
  EXPECT_DOUBLE_EQ(evenness({1, 1, 0, 0}), 0.5);
  EXPECT_DOUBLE_EQ(evenness({0, 0}), 1);
  EXPECT_DOUBLE_EQ(evenness({7}), 1);
  EXPECT_DOUBLE_EQ(evenness({}), 1);
}

TEST(ExpertPictureTest, SharesShadesAndBusiest) {
  std::string picture = expertPicture({{4, 2, {0, 10, 20, 70}}, {2, 1, {1, 1}}}, /*colour=*/false);
  EXPECT_NE(picture.find("layer 0   ··0  ░░10 ▒▒20 ██70   evenness 0.58, most to 3: 70%\n"), std::string::npos) << picture;
  EXPECT_NE(picture.find("layer 1   ▓▓50 ▓▓50   evenness 1.00, most to 0: 50%\n"), std::string::npos) << picture;
  EXPECT_EQ(picture.find('\033'), std::string::npos);
}

TEST(ExpertPictureTest, ColourOnlyWhenAsked) {
  std::string picture = expertPicture({{2, 1, {1, 0}}}, /*colour=*/true);
  EXPECT_NE(picture.find("\033[38;5;"), std::string::npos);
}

TEST(ExpertPictureTest, LargeBanksGoOnInTheNextLine) {
  std::vector<int64_t> use(130, 1);
  std::string picture = expertPicture({{130, 8, use}}, /*colour=*/false);
  EXPECT_EQ(std::count(picture.begin(), picture.end(), '\n'), 4); // the legend, and 64 + 64 + 2 experts
  EXPECT_EQ(picture.find("▓1"), std::string::npos); // no percentages
}

TEST(ExpertPictureTest, NothingWithoutLayersOrTokens) {
  EXPECT_EQ(expertPicture({}, true), "");
  EXPECT_NE(expertPicture({{2, 1, {0, 0}}}, false).find("··0  ··0"), std::string::npos);
}

} // namespace
