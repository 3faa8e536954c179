// The tensors of one call of a custom op, checked as they are taken: wrong types and shapes become
// exceptions that say what was found and what was expected. Never used inside parallel work.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>

#include "ort_api.h"

namespace espalier {

// "float [3, 16]"; a negative dimension is printed as "?".
std::string DescribeTensor(ONNXTensorElementDataType type, std::span<const int64_t> shape);

class OpTensors {
 public:
  OpTensors(const char* op, OrtKernelContext* context) : op_(op), context_(context) {}

  // The shape of input `index`. Valid during the call. Throws std::invalid_argument if the input
  // is absent.
  std::span<const int64_t> Shape(size_t index, const char* name) const;

  // The data of input `index`, which must have type T and `shape` (negative: any). Throws
  // std::invalid_argument if it has not, or if it is absent.
  template <typename T>
  const T* Input(size_t index, const char* name, std::initializer_list<int64_t> shape) const {
    const T* data = Optional<T>(index, name, shape);
    if (data == nullptr) Missing(name);
    return data;
  }

  // The same, or null if the graph leaves that input out.
  template <typename T>
  const T* Optional(size_t index, const char* name, std::initializer_list<int64_t> shape) const {
    return static_cast<const T*>(
        Data(index, name, Ort::TypeToTensorType<T>::type, {shape.begin(), shape.size()}));
  }

  // Memory of output `index`, which becomes `shape`. Throws std::invalid_argument if the graph
  // leaves that output out.
  template <typename T>
  T* Output(size_t index, const char* name, std::initializer_list<int64_t> shape) const {
    return static_cast<T*>(Result(index, name, {shape.begin(), shape.size()}));
  }

  [[noreturn]] void Fail(const std::string& what) const;
  OrtKernelContext* context() const { return context_; }

 private:
  const OrtValue* Value(size_t index) const;  // null: absent
  const void* Data(size_t index, const char* name, ONNXTensorElementDataType type,
                   std::span<const int64_t> shape) const;
  void* Result(size_t index, const char* name, std::span<const int64_t> shape) const;
  [[noreturn]] void Missing(const char* name) const;

  const char* op_;
  OrtKernelContext* context_;
};

}  // namespace espalier
