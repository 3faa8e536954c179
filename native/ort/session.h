// A model opened by ONNX Runtime, as the engine sees it: one forward pass over a packed step, its
// key-value pool bound in place. Knows nothing of tokens, trees or sampling.
#pragma once

#include <memory>
#include <string>

#include "engine/forward.h"
#include "kv_pool.h"
#include "runtime.h"

namespace espalier {

struct OrtModel {
  std::string model_path;   // UTF-8; external data lies beside it
  std::string output_name;  // "logits" or "score_logits"
  bool has_logit_scale = false;
  int head_width = 0;  // columns of the output
  KvShape kv;
  int threads = 1;  // intra-op
};

class OrtForward final : public Forward {
 public:
  // Blocks while the model loads. Throws std::runtime_error if there is no such file, it is no
  // graph that ONNX Runtime accepts, its inputs and outputs are not those of `model`, or memory for
  // the pool is missing. If the environment variable ESPALIER_PROFILE is set, ONNX Runtime writes
  // a trace to "<its value>_<time>.json" when the session is destroyed.
  OrtForward(Runtime& runtime, const OrtModel& model);
  ~OrtForward() override;

  // Waits for its turn among all sessions of the process, then runs. The output is valid until the
  // next Run. Not to be called from two threads at once.
  ForwardOutput Run(const ForwardInput& input) override;
  int head_width() const override;

  // The memory that Run writes.
  const KvPool& kv_pool() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace espalier
