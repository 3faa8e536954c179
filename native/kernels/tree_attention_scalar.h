// The oracle of TreeAttention: the same contract in plain loops and double precision, one row, one
// head, one key at a time. Slow; it allocates, and throws std::bad_alloc where it cannot.
#pragma once

#include "tree_attention.h"

namespace espalier {

void TreeAttentionScalar(const TreeAttentionArgs& args);

}  // namespace espalier
