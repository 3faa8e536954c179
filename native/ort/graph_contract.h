// What a model's graph must look like from outside (DESIGN §4.2), checked once, when it is opened.
#pragma once

#include <string>

#include "kv_pool.h"
#include "ort_api.h"

namespace espalier {

struct GraphContract {
  std::string output_name;  // [R, head_width]
  bool has_logit_scale = false;
  int head_width = 0;
  KvShape kv;
};

// Throws std::runtime_error that names the first input or output that is missing, unknown, or not
// of the type and shape expected. Dimensions that the graph leaves open fit anything.
void CheckGraph(const Ort::Session& session, const GraphContract& contract);

}  // namespace espalier
