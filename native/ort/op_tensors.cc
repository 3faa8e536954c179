// Access to a kernel context through the C API: it reads shapes without copying them.
#include "op_tensors.h"

namespace espalier {
namespace {

const char* TypeName(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return "float";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return "uint8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
      return "int8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return "int32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return "int64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return "bool";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return "float16";
    default:
      return "another type";
  }
}

// Stands for the memory of a tensor without elements.
constexpr int64_t kNoElements = 0;

struct Description {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::span<const int64_t> shape;
};

Description Describe(const OrtValue* value) {
  Description found;
  const int64_t* dims = nullptr;
  size_t count = 0;
  Ort::ThrowOnError(
      Ort::GetApi().GetTensorElementTypeAndShapeDataReference(value, &found.type, &dims, &count));
  found.shape = {dims, count};
  return found;
}

}  // namespace

std::string DescribeTensor(ONNXTensorElementDataType type, std::span<const int64_t> shape) {
  std::string text = std::string(TypeName(type)) + " [";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

const OrtValue* OpTensors::Value(size_t index) const {
  const OrtApi& api = Ort::GetApi();
  size_t count = 0;
  Ort::ThrowOnError(api.KernelContext_GetInputCount(context_, &count));
  if (index >= count) return nullptr;
  const OrtValue* value = nullptr;
  Ort::ThrowOnError(api.KernelContext_GetInput(context_, index, &value));
  return value;
}

std::span<const int64_t> OpTensors::Shape(size_t index, const char* name) const {
  const OrtValue* value = Value(index);
  if (value == nullptr) Missing(name);
  return Describe(value).shape;
}

const void* OpTensors::Data(size_t index, const char* name, ONNXTensorElementDataType type,
                            std::span<const int64_t> shape) const {
  const OrtValue* value = Value(index);
  if (value == nullptr) return nullptr;
  const Description found = Describe(value);
  bool matches = found.type == type && found.shape.size() == shape.size();
  for (size_t i = 0; matches && i < shape.size(); ++i) {
    matches = shape[i] < 0 || found.shape[i] == shape[i];
  }
  if (!matches) {
    Fail("expected `" + std::string(name) + "` to be " + DescribeTensor(type, shape) + ", got " +
         DescribeTensor(found.type, found.shape));
  }
  const void* data = nullptr;
  Ort::ThrowOnError(Ort::GetApi().GetTensorData(value, &data));
  // A tensor without elements may have no memory; null means absent here.
  return data != nullptr ? data : &kNoElements;
}

void* OpTensors::Result(size_t index, const char* name, std::span<const int64_t> shape) const {
  const OrtApi& api = Ort::GetApi();
  size_t count = 0;
  Ort::ThrowOnError(api.KernelContext_GetOutputCount(context_, &count));
  OrtValue* value = nullptr;
  if (index < count) {
    Ort::ThrowOnError(
        api.KernelContext_GetOutput(context_, index, shape.data(), shape.size(), &value));
  }
  if (value == nullptr) {
    Fail("expected the graph to use output `" + std::string(name) + "`, got none");
  }
  void* data = nullptr;
  Ort::ThrowOnError(api.GetTensorMutableData(value, &data));
  return data;
}

void OpTensors::Fail(const std::string& what) const {
  throw std::invalid_argument(std::string(op_) + ": " + what);
}

void OpTensors::Missing(const char* name) const {
  Fail("expected input `" + std::string(name) + "`, got none");
}

}  // namespace espalier
