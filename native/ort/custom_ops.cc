// TreeAttention, SwiGLU and AddNormQuantize. Exceptions end in Compute, which returns them as a
// status; work on the pool neither throws nor allocates.
#include "custom_ops.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/add_norm_quantize.h"
#include "kernels/swiglu.h"
#include "kernels/tree_attention.h"
#include "op_tensors.h"

namespace espalier {
namespace {

constexpr ONNXTensorElementDataType kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
constexpr ONNXTensorElementDataType kUint8 = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
constexpr ONNXTensorElementDataType kInt32 = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
// No graph has tensors of this type where an op of ours declares it: it tells the two forms apart.
constexpr ONNXTensorElementDataType kNever = ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;

// Which of its two signatures an op has. ONNX Runtime derives the type of `out` from it.
enum class Form { kFp32, kInt8 };

// Memory that the kernels of a session share; nodes run one after another.
class Workspace {
 public:
  explicit Workspace(int threads) : workers_(static_cast<size_t>(threads)) {}
  ~Workspace() { Release(); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Aligned to 64; valid until the next call. Throws std::bad_alloc.
  void* Scratch(size_t bytes) {
    if (bytes > bytes_) {
      Release();
      scratch_ = ::operator new(bytes, kAlignment);
      bytes_ = bytes;
    }
    return scratch_;
  }
  int32_t* RowLengths(size_t rows) {  // [rows]
    if (rows > row_lengths_.size()) row_lengths_.resize(rows);
    return row_lengths_.data();
  }
  size_t workers() const { return workers_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  void Release() {
    if (scratch_ != nullptr) ::operator delete(scratch_, kAlignment);
    scratch_ = nullptr;
    bytes_ = 0;
  }

  size_t workers_;
  void* scratch_ = nullptr;
  size_t bytes_ = 0;
  std::vector<int32_t> row_lengths_;
};

// ONNX Runtime's intra-op pool as the kernels use it.
class Pool {
 public:
  Pool(OrtKernelContext* context, size_t workers) : context_(context), workers_(workers) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  ParallelFor parallel() { return {workers_, &Run, this}; }
  // Not ok if some work was refused; to be asked after the kernel has run.
  Ort::Status TakeStatus() { return std::move(status_); }

 private:
  struct Work {
    TaskBody body;
    void* context;
  };

  static void Run(void* pool, size_t tasks, TaskBody body, void* context) noexcept {
    Pool& self = *static_cast<Pool*>(pool);
    Work work{body, context};
    OrtStatus* failed = Ort::GetApi().KernelContext_ParallelFor(
        self.context_,
        [](void* user, size_t task) {
          const Work& each = *static_cast<Work*>(user);
          each.body(each.context, task);
        },
        tasks, 0, &work);
    if (failed != nullptr) self.status_ = Ort::Status(failed);
  }

  OrtKernelContext* context_;
  size_t workers_;
  Ort::Status status_{nullptr};
};

int32_t Narrow(const OpTensors& tensors, int64_t value) {
  if (value < 0 || value > INT32_MAX) {
    tensors.Fail("expected sizes below 2147483648, got " + std::to_string(value));
  }
  return static_cast<int32_t>(value);
}

void Require(const OpTensors& tensors, const InputError& error) {
  if (error) tensors.Fail(std::string(error.what) + ", at index " + std::to_string(error.index));
}

int32_t SizeAttribute(const Ort::ConstKernelInfo& info, const char* name) {
  const int64_t value = info.GetAttribute<int64_t>(name);
  if (value < 0 || value > 1 << 20) {
    throw std::invalid_argument("expected attribute `" + std::string(name) +
                                "` to lie in [0, 1048576], got " + std::to_string(value));
  }
  return static_cast<int32_t>(value);
}

// Input `row_scale` [rows]: there in the int8 form, null in the other.
const float* RowScale(const OpTensors& tensors, Form form, size_t index, int64_t rows) {
  return form == Form::kInt8 ? tensors.Input<float>(index, "row_scale", {rows})
                             : tensors.Optional<float>(index, "row_scale", {rows});
}

// Runs `body` and returns what it throws as a status.
template <typename Body>
OrtStatus* Guard(const Body& body) noexcept {
  try {
    return body();
  } catch (const std::invalid_argument& error) {
    return Ort::GetApi().CreateStatus(ORT_INVALID_ARGUMENT, error.what());
  } catch (const std::bad_alloc&) {
    return Ort::GetApi().CreateStatus(ORT_FAIL, "expected memory for a kernel, got none");
  } catch (const std::exception& error) {
    return Ort::GetApi().CreateStatus(ORT_FAIL, error.what());
  }
}

class TreeAttentionKernel {
 public:
  TreeAttentionKernel(const Ort::ConstKernelInfo& info, Form form, Workspace& workspace)
      : form_(form), workspace_(workspace) {
    sizes_.heads = SizeAttribute(info, "heads");
    sizes_.kv_heads = SizeAttribute(info, "kv_heads");
    sizes_.head_dim = SizeAttribute(info, "head_dim");
    sizes_.attention_factor = info.GetAttribute<float>("attention_factor");
    sizes_.norm_epsilon = info.GetAttribute<float>("norm_epsilon");
    sizes_.pages = 1;  // known when it runs
    if (const InputError error = CheckTreeAttention(sizes_)) {
      throw std::invalid_argument(std::string("TreeAttention: ") + error.what);
    }
  }

  OrtStatus* ComputeV2(OrtKernelContext* context) {
    return Guard([&] { return Compute(OpTensors("TreeAttention", context)); });
  }

 private:
  OrtStatus* Compute(const OpTensors& tensors) {
    TreeAttentionArgs args = sizes_;
    Take(tensors, args);
    Require(tensors, CheckTreeAttention(args));
    const int64_t slots = int64_t{args.pages} * kPageSlots;
    Require(tensors, CheckSlots(args.slots, args.rows, slots));
    int32_t* row_lengths = workspace_.RowLengths(static_cast<size_t>(args.rows));
    Require(tensors, MeasureRows(args.spans, static_cast<size_t>(args.span_count), args.rows, slots,
                                 row_lengths));
    args.row_lengths = row_lengths;
    void* scratch = workspace_.Scratch(TreeAttentionScratchBytes(args, workspace_.workers()));
    Pool pool(tensors.context(), workspace_.workers());
    TreeAttention(args, pool.parallel(), scratch);
    return pool.TakeStatus().release();
  }

  void Take(const OpTensors& tensors, TreeAttentionArgs& args) const {
    const int64_t dim = args.head_dim;
    const int64_t width = (int64_t{args.heads} + 2 * int64_t{args.kv_heads}) * dim;
    args.qkv = tensors.Input<float>(0, "qkv", {-1, width});
    const int64_t rows = tensors.Shape(0, "qkv")[0];
    args.rows = Narrow(tensors, rows);
    args.positions = tensors.Input<int32_t>(1, "positions", {rows});
    args.slots = tensors.Input<int32_t>(2, "slots", {rows});
    args.spans = reinterpret_cast<const Span*>(tensors.Input<int32_t>(3, "spans", {-1, 5}));
    args.span_count = Narrow(tensors, tensors.Shape(3, "spans")[0]);
    // The caches are inputs that belong to the caller and are meant to be written.
    args.key_cache = const_cast<float*>(
        tensors.Input<float>(4, "key_cache", {args.kv_heads, -1, dim, kPageSlots}));
    const int64_t pages = tensors.Shape(4, "key_cache")[1];
    args.pages = Narrow(tensors, pages);
    args.value_cache = const_cast<float*>(
        tensors.Input<float>(5, "value_cache", {args.kv_heads, pages, kPageSlots, dim}));
    args.inv_freq = tensors.Input<float>(6, "inv_freq", {dim / 2});
    args.row_scale = RowScale(tensors, form_, 7, rows);
    args.qkv_bias = tensors.Optional<float>(8, "qkv_bias", {width});
    args.q_norm = tensors.Optional<float>(9, "q_norm", {dim});
    args.k_norm = tensors.Optional<float>(10, "k_norm", {dim});
    if (form_ == Form::kInt8) {
      args.quantized = tensors.Output<uint8_t>(0, "out", {rows, args.heads * dim});
      args.out_scale = tensors.Output<float>(1, "out_scale", {rows});
    } else {
      args.out = tensors.Output<float>(0, "out", {rows, args.heads * dim});
    }
  }

  Form form_;
  Workspace& workspace_;
  TreeAttentionArgs sizes_;  // what the attributes say
};

class SwiGluKernel {
 public:
  SwiGluKernel(const Ort::ConstKernelInfo& info, Form form, Workspace& workspace)
      : form_(form),
        workspace_(workspace),
        hadamard_block_(SizeAttribute(info, "hadamard_block")) {}

  OrtStatus* ComputeV2(OrtKernelContext* context) {
    return Guard([&] { return Compute(OpTensors("SwiGLU", context)); });
  }

 private:
  OrtStatus* Compute(const OpTensors& tensors) {
    SwiGluArgs args;
    args.x = tensors.Input<float>(0, "x", {-1, -1});
    const int64_t rows = tensors.Shape(0, "x")[0];
    const int64_t width = tensors.Shape(0, "x")[1];
    if (width % 2 != 0) {
      tensors.Fail("expected `x` to have an even number of columns, got " + std::to_string(width));
    }
    args.rows = Narrow(tensors, rows);
    args.inner = Narrow(tensors, width / 2);
    args.hadamard_block = hadamard_block_;
    args.row_scale = RowScale(tensors, form_, 1, rows);
    if (form_ == Form::kInt8) {
      args.quantized = tensors.Output<uint8_t>(0, "out", {rows, width / 2});
      args.out_scale = tensors.Output<float>(1, "out_scale", {rows});
    } else {
      args.out = tensors.Output<float>(0, "out", {rows, width / 2});
    }
    Require(tensors, CheckSwiGlu(args));
    void* scratch = workspace_.Scratch(SwiGluScratchBytes(args, workspace_.workers()));
    Pool pool(tensors.context(), workspace_.workers());
    SwiGlu(args, pool.parallel(), scratch);
    return pool.TakeStatus().release();
  }

  Form form_;
  Workspace& workspace_;
  int32_t hadamard_block_;
};

class AddNormQuantizeKernel {
 public:
  AddNormQuantizeKernel(const Ort::ConstKernelInfo& info, Form, Workspace& workspace)
      : workspace_(workspace), norm_epsilon_(info.GetAttribute<float>("norm_epsilon")) {}

  OrtStatus* ComputeV2(OrtKernelContext* context) {
    return Guard([&] { return Compute(OpTensors("AddNormQuantize", context)); });
  }

 private:
  OrtStatus* Compute(const OpTensors& tensors) {
    AddNormQuantizeArgs args;
    args.residual = tensors.Input<float>(0, "residual", {-1, -1});
    const int64_t rows = tensors.Shape(0, "residual")[0];
    const int64_t hidden = tensors.Shape(0, "residual")[1];
    args.rows = Narrow(tensors, rows);
    args.hidden = Narrow(tensors, hidden);
    args.delta = tensors.Optional<float>(1, "delta", {rows, hidden});
    args.delta_scale = tensors.Optional<float>(2, "delta_scale", {rows});
    args.norm_epsilon = norm_epsilon_;
    args.next = tensors.Output<float>(0, "residual", {rows, hidden});
    args.quantized = tensors.Output<uint8_t>(1, "out", {rows, hidden});
    args.out_scale = tensors.Output<float>(2, "out_scale", {rows});
    Require(tensors, CheckAddNormQuantize(args));
    Pool pool(tensors.context(), workspace_.workers());
    AddNormQuantize(args, pool.parallel());
    return pool.TakeStatus().release();
  }

  Workspace& workspace_;
  float norm_epsilon_;
};

struct Parameter {
  ONNXTensorElementDataType type;
  bool is_optional;
};

// An op by its signature; `out` is optional in the schema so that ONNX Runtime infers its type.
template <typename Kernel>
class Op : public Ort::CustomOpBase<Op<Kernel>, Kernel, true> {
 public:
  Op(const char* name, Form form, std::vector<Parameter> inputs, std::vector<Parameter> outputs,
     Workspace& workspace)
      : name_(name),
        form_(form),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)),
        workspace_(workspace) {}

  OrtStatus* CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    return Guard([&]() -> OrtStatus* {
      *kernel = new Kernel(Ort::ConstKernelInfo(info), form_, workspace_);
      return nullptr;
    });
  }

  const char* GetName() const { return name_; }
  size_t GetInputTypeCount() const { return inputs_.size(); }
  size_t GetOutputTypeCount() const { return outputs_.size(); }
  ONNXTensorElementDataType GetInputType(size_t index) const { return inputs_[index].type; }
  ONNXTensorElementDataType GetOutputType(size_t index) const { return outputs_[index].type; }
  OrtCustomOpInputOutputCharacteristic GetInputCharacteristic(size_t index) const {
    return inputs_[index].is_optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
  }
  OrtCustomOpInputOutputCharacteristic GetOutputCharacteristic(size_t index) const {
    return outputs_[index].is_optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
  }

 private:
  const char* name_;
  Form form_;
  std::vector<Parameter> inputs_;
  std::vector<Parameter> outputs_;
  Workspace& workspace_;
};

std::vector<Parameter> TreeAttentionInputs(ONNXTensorElementDataType row_scale) {
  return {{kFloat, false}, {kInt32, false}, {kInt32, false}, {kInt32, false},
          {kFloat, false}, {kFloat, false}, {kFloat, false}, {row_scale, true},
          {kFloat, true},  {kFloat, true},  {kFloat, true}};
}

}  // namespace

struct CustomOps::Set {
  explicit Set(int threads) : workspace(threads) {
    // The first form whose types fit is taken, and an absent input fits any type.
    domain.Add(&attention_fp32);
    domain.Add(&attention_int8);
    domain.Add(&swiglu_fp32);
    domain.Add(&swiglu_int8);
    domain.Add(&add_norm_quantize);
  }

  Workspace workspace;
  Op<TreeAttentionKernel> attention_fp32{"TreeAttention",
                                         Form::kFp32,
                                         TreeAttentionInputs(kNever),
                                         {{kFloat, false}, {kFloat, true}},
                                         workspace};
  Op<TreeAttentionKernel> attention_int8{"TreeAttention",
                                         Form::kInt8,
                                         TreeAttentionInputs(kFloat),
                                         {{kUint8, false}, {kFloat, true}},
                                         workspace};
  Op<SwiGluKernel> swiglu_fp32{"SwiGLU",
                               Form::kFp32,
                               {{kFloat, false}, {kNever, true}},
                               {{kFloat, false}, {kFloat, true}},
                               workspace};
  Op<SwiGluKernel> swiglu_int8{"SwiGLU",
                               Form::kInt8,
                               {{kFloat, false}, {kFloat, true}},
                               {{kUint8, false}, {kFloat, true}},
                               workspace};
  Op<AddNormQuantizeKernel> add_norm_quantize{"AddNormQuantize",
                                              Form::kInt8,
                                              {{kFloat, false}, {kFloat, true}, {kFloat, true}},
                                              {{kFloat, false}, {kUint8, false}, {kFloat, false}},
                                              workspace};
  Ort::CustomOpDomain domain{"espalier"};
};

CustomOps::CustomOps(int threads) : set_(std::make_unique<Set>(threads)) {}
CustomOps::~CustomOps() = default;
const Ort::CustomOpDomain& CustomOps::domain() const { return set_->domain; }

}  // namespace espalier
