// ONNX Runtime's session with its inputs bound: the pool once, the step's tensors at every run.
#include "session.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "custom_ops.h"
#include "environment.h"
#include "graph_contract.h"
#include "ort_api.h"

namespace espalier {
namespace {

Ort::SessionOptions Options(const OrtModel& model, const CustomOps& ops) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(model.threads);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  // Nothing here needs fusing, and kernels that were not checked for row independence stay out.
  options.SetGraphOptimizationLevel(ORT_ENABLE_BASIC);
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  // A pattern is kept for every combination of row counts seen: memory without end.
  options.DisableMemPattern();
  // Otherwise the pool's threads spin for a while after each run.
  options.AddConfigEntry("session.force_spinning_stop", "1");
  options.Add(ops.domain());
  if (const char* prefix = std::getenv("ESPALIER_PROFILE")) {
    options.EnableProfiling(std::filesystem::path(prefix).c_str());
  }
  return options;
}

Ort::Session OpenSession(Runtime& runtime, const OrtModel& model, const CustomOps& ops) {
  try {
    const std::u8string utf8(model.model_path.begin(), model.model_path.end());
    const std::filesystem::path path(utf8);
    const std::lock_guard lock(runtime.opening());
    return Ort::Session(Environment(), path.c_str(), Options(model, ops));
  } catch (const Ort::Exception& error) {
    throw std::runtime_error("Expected " + model.model_path +
                             " to be a model that ONNX Runtime can open, got: " + error.what());
  }
}

GraphContract Contract(const OrtModel& model) {
  return {model.output_name, model.has_logit_scale, model.head_width, model.kv};
}

}  // namespace

class OrtForward::Implementation {
 public:
  Implementation(Runtime& runtime, const OrtModel& model)
      : runtime_(runtime),
        model_(model),
        ops_(model.threads),
        session_(OpenSession(runtime, model, ops_)) {
    CheckGraph(session_, Contract(model));
    pool_ = std::make_unique<KvPool>(model.kv);
    run_options_.SetRunLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
    output_names_.push_back(model_.output_name.c_str());
    if (model_.has_logit_scale) output_names_.push_back("logit_scale");
    BindPool();
  }

  ForwardOutput Run(const ForwardInput& input) {
    CheckSizes(input);
    const Baton::Turn turn(runtime_.baton());
    BindStep(input);
    outputs_.clear();  // its memory serves this run
    try {
      outputs_ = session_.Run(run_options_, input_names_.data(), inputs_.data(), inputs_.size(),
                              output_names_.data(), output_names_.size());
    } catch (const Ort::Exception& error) {
      throw std::runtime_error("Expected the model's graph to run, got: " +
                               std::string(error.what()));
    }
    return Outputs(static_cast<int64_t>(input.output_rows.size()));
  }

  const OrtModel& model() const { return model_; }
  const KvPool& pool() const { return *pool_; }

 private:
  static constexpr size_t kStepInputs = 5;

  void BindPool() {
    input_names_ = {"input_ids", "positions", "slots", "spans", "output_rows"};
    for (size_t i = 0; i < kStepInputs; ++i) inputs_.emplace_back(nullptr);
    const KvShape& kv = model_.kv;
    const size_t count = kv.floats_per_cache();
    const int64_t key_shape[] = {kv.kv_heads, kv.pages, kv.head_dim, kPageSlots};
    const int64_t value_shape[] = {kv.kv_heads, kv.pages, kPageSlots, kv.head_dim};
    cache_names_.reserve(static_cast<size_t>(kv.layers) * 2);  // no name may move
    for (int layer = 0; layer < kv.layers; ++layer) {
      const std::string number = std::to_string(layer);
      Bind("key_cache." + number, pool_->key_cache(layer), count, key_shape);
      Bind("value_cache." + number, pool_->value_cache(layer), count, value_shape);
    }
  }

  void Bind(const std::string& name, float* data, size_t count, const int64_t (&shape)[4]) {
    input_names_.push_back(cache_names_.emplace_back(name).c_str());
    inputs_.push_back(Ort::Value::CreateTensor<float>(memory_, data, count, shape, 4));
  }

  static void CheckSizes(const ForwardInput& input) {
    const size_t rows = input.input_ids.size();
    if (rows == 0 || input.positions.size() != rows || input.slots.size() != rows) {
      throw std::runtime_error(
          "Expected a step of one or more rows with a position and a slot "
          "each, got " +
          std::to_string(rows) + " ids, " + std::to_string(input.positions.size()) +
          " positions and " + std::to_string(input.slots.size()) + " slots");
    }
  }

  // ONNX Runtime reads these only, though its interface takes them as mutable.
  template <typename T>
  Ort::Value Vector(std::span<const T> values) {
    const int64_t shape[] = {static_cast<int64_t>(values.size())};
    T* data = values.empty() ? reinterpret_cast<T*>(&no_elements_) : const_cast<T*>(values.data());
    return Ort::Value::CreateTensor<T>(memory_, data, values.size(), shape, 1);
  }

  void BindStep(const ForwardInput& input) {
    inputs_[0] = Vector(input.input_ids);
    inputs_[1] = Vector(input.positions);
    inputs_[2] = Vector(input.slots);
    const int64_t spans_shape[] = {static_cast<int64_t>(input.spans.size()), 5};
    int32_t* spans = reinterpret_cast<int32_t*>(const_cast<Span*>(input.spans.data()));
    inputs_[3] = Ort::Value::CreateTensor<int32_t>(
        memory_, input.spans.empty() ? reinterpret_cast<int32_t*>(&no_elements_) : spans,
        input.spans.size() * 5, spans_shape, 2);
    inputs_[4] = Vector(input.output_rows);
  }

  ForwardOutput Outputs(int64_t rows) const {
    const std::vector<int64_t> expected{rows, model_.head_width};
    const std::vector<int64_t> found = outputs_[0].GetTensorTypeAndShapeInfo().GetShape();
    if (found != expected) {
      throw std::runtime_error("Expected `" + model_.output_name + "` to have " +
                               std::to_string(rows) + " rows of " +
                               std::to_string(model_.head_width) + ", got another shape");
    }
    ForwardOutput output;
    output.logits = outputs_[0].GetTensorData<float>();
    if (model_.has_logit_scale) {
      const auto scales = outputs_[1].GetTensorTypeAndShapeInfo().GetElementCount();
      if (static_cast<int64_t>(scales) != rows) {
        throw std::runtime_error("Expected `logit_scale` to have " + std::to_string(rows) +
                                 " elements, got " + std::to_string(scales));
      }
      output.logit_scale = outputs_[1].GetTensorData<float>();
    }
    return output;
  }

  // In this order, so that the session ends before what it uses.
  Runtime& runtime_;
  OrtModel model_;
  CustomOps ops_;
  std::unique_ptr<KvPool> pool_;
  Ort::Session session_;
  Ort::RunOptions run_options_;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<std::string> cache_names_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
  std::vector<Ort::Value> inputs_;   // the step's five, then the caches
  std::vector<Ort::Value> outputs_;  // of the last run
  int64_t no_elements_ = 0;
};

OrtForward::OrtForward(Runtime& runtime, const OrtModel& model) {
  try {
    implementation_ = std::make_unique<Implementation>(runtime, model);
  } catch (const Ort::Exception& error) {
    throw std::runtime_error("Expected " + model.model_path +
                             " to open as a session, got: " + error.what());
  }
}

OrtForward::~OrtForward() = default;

ForwardOutput OrtForward::Run(const ForwardInput& input) {
  try {
    return implementation_->Run(input);
  } catch (const Ort::Exception& error) {
    throw std::runtime_error("Expected a step to run, got: " + std::string(error.what()));
  }
}

int OrtForward::head_width() const { return implementation_->model().head_width; }
const KvPool& OrtForward::kv_pool() const { return implementation_->pool(); }

}  // namespace espalier
