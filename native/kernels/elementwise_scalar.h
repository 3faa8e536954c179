// The oracles of SwiGlu and AddNormQuantize: the same contracts in plain loops and double
// precision, up to the float that is stored. They allocate, and throw std::bad_alloc.
#pragma once

#include "add_norm_quantize.h"
#include "swiglu.h"

namespace espalier {

void SwiGluScalar(const SwiGluArgs& args);

void AddNormQuantizeScalar(const AddNormQuantizeArgs& args);

}  // namespace espalier
