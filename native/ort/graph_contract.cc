// Compares a session's inputs and outputs with the list that the contract makes.
#include "graph_contract.h"

#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/span.h"
#include "op_tensors.h"

namespace espalier {
namespace {

struct Tensor {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<int64_t> shape;  // negative: open
};
using Tensors = std::map<std::string, Tensor>;

constexpr ONNXTensorElementDataType kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
constexpr ONNXTensorElementDataType kInt32 = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
constexpr ONNXTensorElementDataType kInt64 = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;

Tensors ExpectedInputs(const GraphContract& contract) {
  Tensors inputs{{"input_ids", {kInt64, {-1}}},
                 {"positions", {kInt32, {-1}}},
                 {"slots", {kInt32, {-1}}},
                 {"spans", {kInt32, {-1, 5}}},
                 {"output_rows", {kInt64, {-1}}}};
  const KvShape& kv = contract.kv;
  for (int layer = 0; layer < kv.layers; ++layer) {
    const std::string number = std::to_string(layer);
    inputs["key_cache." + number] = {kFloat, {kv.kv_heads, kv.pages, kv.head_dim, kPageSlots}};
    inputs["value_cache." + number] = {kFloat, {kv.kv_heads, kv.pages, kPageSlots, kv.head_dim}};
  }
  return inputs;
}

Tensors ExpectedOutputs(const GraphContract& contract) {
  Tensors outputs{{contract.output_name, {kFloat, {-1, contract.head_width}}}};
  if (contract.has_logit_scale) outputs["logit_scale"] = {kFloat, {-1}};
  return outputs;
}

Tensor Describe(const Ort::TypeInfo& info) {
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return {};
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  return {tensor.GetElementType(), tensor.GetShape()};
}

std::string Describe(const Tensor& tensor) { return DescribeTensor(tensor.type, tensor.shape); }

bool Fits(const Tensor& found, const Tensor& expected) {
  if (found.type != expected.type || found.shape.size() != expected.shape.size()) return false;
  for (size_t i = 0; i < found.shape.size(); ++i) {
    const bool is_open = found.shape[i] < 0 || expected.shape[i] < 0;
    if (!is_open && found.shape[i] != expected.shape[i]) return false;
  }
  return true;
}

void Compare(const char* kind, const Tensors& found, const Tensors& expected) {
  for (const auto& [name, tensor] : expected) {
    const auto match = found.find(name);
    if (match == found.end() || !Fits(match->second, tensor)) {
      throw std::runtime_error("Expected the graph's " + std::string(kind) + " `" + name +
                               "` to be " + Describe(tensor) + ", got " +
                               (match == found.end() ? "none" : Describe(match->second)) +
                               "; import the model again");
    }
  }
  for (const auto& [name, tensor] : found) {
    if (!expected.contains(name)) {
      throw std::runtime_error("Expected the graph to have no " + std::string(kind) + " `" + name +
                               "`, got " + Describe(tensor) + "; import the model again");
    }
  }
}

}  // namespace

void CheckGraph(const Ort::Session& session, const GraphContract& contract) {
  Ort::AllocatorWithDefaultOptions allocator;
  Tensors inputs;
  for (size_t i = 0; i < session.GetInputCount(); ++i) {
    inputs[session.GetInputNameAllocated(i, allocator).get()] =
        Describe(session.GetInputTypeInfo(i));
  }
  Tensors outputs;
  for (size_t i = 0; i < session.GetOutputCount(); ++i) {
    outputs[session.GetOutputNameAllocated(i, allocator).get()] =
        Describe(session.GetOutputTypeInfo(i));
  }
  Compare("input", inputs, ExpectedInputs(contract));
  Compare("output", outputs, ExpectedOutputs(contract));
}

}  // namespace espalier
