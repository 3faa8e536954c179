// ONNX Runtime's environment: one per process, made on first use, never released. For native/ort/
// alone; valid after Runtime::Open.
#pragma once

#include "ort_api.h"

namespace espalier {

const Ort::Env& Environment();

}  // namespace espalier
