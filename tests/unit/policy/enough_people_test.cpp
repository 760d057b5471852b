// SPDX-License-Identifier: Apache-2.0
// Whose approval is also the one that another rule asks for.
#include "policy/enough_people.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

struct Pair {
  const char* name;
  Approvers given, wanted;
  bool enough;
};

void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.name; }

class EnoughPeople : public testing::TestWithParam<Pair> {};

TEST_P(EnoughPeople, ByWhatIsWritten) {
  EXPECT_EQ(is_enough_for(GetParam().given, GetParam().wanted), GetParam().enough);
}

const Pair kPairs[] = {
    {"the_same", {{"u"}, {"g"}, 1}, {{"u"}, {"g"}, 1}, true},
    {"some_of_them", {{"u"}, {}, 1}, {{"v", "u"}, {"g"}, 1}, true},
    {"one_more_who_may", {{"u", "v"}, {}, 1}, {{"u"}, {}, 1}, false},
    {"two_of_whom_one_is_a_stranger", {{"u", "v"}, {}, 2}, {{"u"}, {}, 1}, true},
    {"two_who_may_be_strangers", {{"u", "v", "w"}, {}, 2}, {{"u"}, {}, 1}, false},
    {"fewer", {{"u", "v"}, {}, 1}, {{"u", "v"}, {}, 2}, false},
    {"more", {{"u", "v"}, {}, 2}, {{"u", "v"}, {}, 1}, true},
    {"more_of_others", {{"v", "w"}, {}, 2}, {{"u"}, {}, 1}, false},
    {"another_group", {{}, {"h"}, 3}, {{}, {"g"}, 1}, false},
    {"another_group_beside", {{"u"}, {"g", "h"}, 1}, {{"u"}, {"g"}, 1}, false},
    {"a_group_is_not_looked_into", {{"u"}, {}, 1}, {{}, {"g"}, 1}, false},
    {"a_count_of_none_is_one", {{"u", "v"}, {}, 0}, {{"u"}, {}, 0}, false},
};
INSTANTIATE_TEST_SUITE_P(, EnoughPeople, testing::ValuesIn(kPairs),
                         [](const auto& pair) { return pair.param.name; });

}  // namespace
}  // namespace sluice::policy
