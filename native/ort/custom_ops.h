// The ops of domain `espalier` (DESIGN §4.2) as ONNX Runtime sees them: they take tensors, check
// them, and call the kernels on ONNX Runtime's own threads. One set per session.
#pragma once

#include <memory>

#include "ort_api.h"

namespace espalier {

class CustomOps {
 public:
  // `threads`: intra-op threads of the session that the ops are for.
  explicit CustomOps(int threads);
  ~CustomOps();

  // Owned by this object, which has to outlive the session.
  const Ort::CustomOpDomain& domain() const;

 private:
  struct Set;
  std::unique_ptr<Set> set_;
};

}  // namespace espalier
