//===- StateNamesTest.cpp ----------------------------------------------------------------------------------------------===//
#include "moe/Transforms/StateNames.h"
#include <gtest/gtest.h>

using moe::commonStateName;

namespace {

TEST(StateNamesTest, ExportersNames) {
  EXPECT_EQ(commonStateName("past.0.conv", "present.0.conv"), 2u);
  EXPECT_EQ(commonStateName("input.cache_params.layers.1.recurrent_states.0", "output.cache_params.layers.1.recurrent_states.0"), 7u);
  EXPECT_EQ(commonStateName("input.state.3", "output.state.3"), 2u);
  EXPECT_EQ(commonStateName("past_key_values.0.key", "present.0.key"), 2u);
  EXPECT_EQ(commonStateName("h_in", "h_out"), 1u);
}

TEST(StateNamesTest, TheNearestNameHasTheMostInCommon) {
  EXPECT_GT(commonStateName("past.1.conv", "present.1.conv"), commonStateName("past.0.conv", "present.1.conv"));
  EXPECT_GT(commonStateName("past.1.conv", "present.1.conv"), commonStateName("past.11.conv", "present.1.conv"));
}

TEST(StateNamesTest, OtherThings) {
  EXPECT_EQ(commonStateName("input_ids", "logits"), 0u);
  EXPECT_EQ(commonStateName("past.0", "present.1"), 0u);
  EXPECT_EQ(commonStateName("", ""), 0u);
}

} // namespace
