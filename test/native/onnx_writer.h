// Writes small ONNX models for the tests of native/ort/: just the protobuf fields that they need,
// numbered as in onnx.proto. Every graph has the engine's inputs (DESIGN §4.2), used or not.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/span.h"

namespace espalier::test {

enum class OnnxType { kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };

class Message {
 public:
  Message& Int(int field, int64_t value) {
    Key(field, 0);
    Varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& Float(int field, float value) {
    Key(field, 5);
    bytes_.append(reinterpret_cast<const char*>(&value), 4);
    return *this;
  }
  Message& Bytes(int field, const std::string& value) {
    Key(field, 2);
    Varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& Add(int field, const Message& message) { return Bytes(field, message.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void Key(int field, int wire) { Varint(static_cast<uint64_t>(field * 8 + wire)); }
  void Varint(uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// An attribute of a node: an integer or a float.
struct Attribute {
  Attribute(const char* name, int value) { message.Bytes(1, name).Int(3, value).Int(20, 2); }
  Attribute(const char* name, float value) { message.Bytes(1, name).Float(2, value).Int(20, 1); }
  Message message;
};

class OnnxGraph {
 public:
  // A negative dimension is open. kv_heads x pages x head_dim is the shape of the caches.
  explicit OnnxGraph(int layers = 1, int kv_heads = 1, int head_dim = 16) {
    Value(11, "input_ids", OnnxType::kInt64, {-1});
    Value(11, "positions", OnnxType::kInt32, {-1});
    Value(11, "slots", OnnxType::kInt32, {-1});
    Value(11, "spans", OnnxType::kInt32, {-1, 5});
    Value(11, "output_rows", OnnxType::kInt64, {-1});
    for (int layer = 0; layer < layers; ++layer) {
      const std::string number = std::to_string(layer);
      Value(11, "key_cache." + number, OnnxType::kFloat, {kv_heads, -1, head_dim, kPageSlots});
      Value(11, "value_cache." + number, OnnxType::kFloat, {kv_heads, -1, kPageSlots, head_dim});
    }
  }

  OnnxGraph& Node(const char* domain, const char* op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs,
                  const std::vector<Attribute>& attributes = {}) {
    Message node;
    for (const std::string& input : inputs) node.Bytes(1, input);
    for (const std::string& output : outputs) node.Bytes(2, output);
    node.Bytes(3, std::string(op) + "_" + std::to_string(nodes_++)).Bytes(4, op).Bytes(7, domain);
    for (const Attribute& attribute : attributes) node.Add(5, attribute.message);
    graph_.Add(1, node);
    return *this;
  }

  template <typename T>
  OnnxGraph& Constant(const std::string& name, OnnxType type, const std::vector<int64_t>& shape,
                      const std::vector<T>& values) {
    Message tensor;
    for (const int64_t dim : shape) tensor.Int(1, dim);
    tensor.Int(2, static_cast<int>(type)).Bytes(8, name);
    tensor.Bytes(
        9, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
    graph_.Add(5, tensor);
    return *this;
  }

  OnnxGraph& Output(const std::string& name, OnnxType type, const std::vector<int64_t>& shape) {
    return Value(12, name, type, shape);
  }

  // Writes the model to `path` and returns it.
  std::string Write(const std::string& path) const {
    Message model;
    model.Int(1, 8).Add(7, Message(graph_).Bytes(2, "test"));
    model.Add(8, Message().Bytes(1, "").Int(2, 17));
    model.Add(8, Message().Bytes(1, "com.microsoft").Int(2, 1));
    model.Add(8, Message().Bytes(1, "espalier").Int(2, 1));
    std::FILE* file = std::fopen(path.c_str(), "wb");
    std::fwrite(model.bytes().data(), 1, model.bytes().size(), file);
    std::fclose(file);
    return path;
  }

 private:
  OnnxGraph& Value(int field, const std::string& name, OnnxType type,
                   const std::vector<int64_t>& shape) {
    Message dims;
    for (size_t i = 0; i < shape.size(); ++i) {
      Message dim;
      if (shape[i] >= 0) {
        dim.Int(1, shape[i]);
      } else {
        dim.Bytes(2, name + "_" + std::to_string(i));
      }
      dims.Add(1, dim);
    }
    Message tensor;
    tensor.Int(1, static_cast<int>(type)).Add(2, dims);
    graph_.Add(field, Message().Bytes(1, name).Add(2, Message().Add(1, tensor)));
    return *this;
  }

  Message graph_;
  int nodes_ = 0;
};

}  // namespace espalier::test
