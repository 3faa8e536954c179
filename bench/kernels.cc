// Speed of the kernels alone, by instruction set and against the scalar oracle, in one run, on the
// shapes of SmolLM2-135M (30 layers of 9 query and 3 KV heads of 64) and of a small embedded model.
// Run it with: node test/native/build.mjs bench/kernels.cc
// sources: native/kernels/*.cc
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "attention_model.h"
#include "kernels/elementwise_scalar.h"
#include "thread_pool.h"

namespace espalier::test {
namespace {

constexpr int kBranches = 64;
constexpr int kOwn = 24;
constexpr int kLayers = 30;  // of the elementwise cases
constexpr int kHidden = 576;
constexpr int kInner = 1536;
constexpr int kVocabulary = 49152;
constexpr int kRepeats = 7;

struct Seconds {
  double wall;
  double processor;  // of all threads
};

Seconds Now() {
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  timespec cpu;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  return {std::chrono::duration<double>(wall).count(), double(cpu.tv_sec) + 1e-9 * cpu.tv_nsec};
}

// The least time of a few repeats, after one to warm up.
Seconds Best(int repeats, const std::function<void()>& work) {
  Seconds best{std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
  if (repeats > 1) work();
  for (int i = 0; i < repeats; ++i) {
    const Seconds begin = Now();
    work();
    const Seconds end = Now();
    best.wall = std::min(best.wall, end.wall - begin.wall);
    best.processor = std::min(best.processor, end.processor - begin.processor);
  }
  return best;
}

// Memory of the pool as the engine has it: on huge pages where the system gives them, since a
// step visits thousands of small pages.
class PoolMemory {
 public:
  explicit PoolMemory(size_t floats) {
    const size_t bytes = (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    data_ = static_cast<float*>(std::aligned_alloc(kAlignment, bytes));
#if defined(__linux__)
    madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    Random random(3);
    for (size_t i = 0; i < floats; ++i) data_[i] = random.Uniform(-1.0f, 1.0f);
  }
  ~PoolMemory() { std::free(data_); }
  PoolMemory(PoolMemory&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  float* data() { return data_; }

 private:
  static constexpr size_t kAlignment = size_t{2} << 20;
  float* data_;
};

struct Shape {
  std::string name;
  int32_t layers;
  int32_t heads;
  int32_t kv_heads;
  int32_t head_dim;
};

// One attention step of `rows` rows, ready to run on any layer's pool.
struct AttentionStep {
  Shape shape;
  std::string name;
  std::vector<int32_t> slots;
  std::vector<int32_t> positions;
  std::vector<int32_t> lengths;
  std::vector<Span> spans;
  std::vector<float> qkv;
  std::vector<float> row_scale;
  std::vector<float> inv_freq;
  std::vector<uint8_t> quantized;
  std::vector<float> out_scale;
  std::vector<PoolMemory> pool;  // one: keys and values by layer
  int32_t pages = 0;
  double products = 0;  // floating-point operations of both matrix products, all layers

  TreeAttentionArgs Args(int layer) {
    TreeAttentionArgs args;
    args.rows = static_cast<int32_t>(slots.size());
    args.heads = shape.heads;
    args.kv_heads = shape.kv_heads;
    args.head_dim = shape.head_dim;
    args.pages = pages;
    args.span_count = static_cast<int32_t>(spans.size());
    args.qkv = qkv.data();
    args.row_scale = row_scale.data();
    args.positions = positions.data();
    args.slots = slots.data();
    args.spans = spans.data();
    args.row_lengths = lengths.data();
    args.inv_freq = inv_freq.data();
    args.key_cache = pool[0].data() + size_t(2) * layer * CacheSize();
    args.value_cache = args.key_cache + CacheSize();
    args.quantized = quantized.data();
    args.out_scale = out_scale.data();
    return args;
  }

  // Floats of one layer's keys, or values.
  size_t CacheSize() const { return size_t(shape.kv_heads) * pages * shape.head_dim * kPageSlots; }

  void Finish() {
    Random random(1);
    const size_t rows = slots.size();
    lengths.resize(rows);
    const InputError error = MeasureRows(spans.data(), spans.size(), int32_t(rows),
                                         int64_t{pages} * kPageSlots, lengths.data());
    if (error) std::printf("bad step: %s\n", error.what);
    qkv = random.Floats(rows * (shape.heads + 2 * shape.kv_heads) * shape.head_dim, -1.0f, 1.0f);
    row_scale.assign(rows, 1.0f);
    const int half = shape.head_dim / 2;
    for (int d = 0; d < half; ++d) inv_freq.push_back(std::pow(10000.0f, -float(d) / half));
    quantized.resize(rows * shape.heads * shape.head_dim);
    out_scale.resize(rows);
    pool.emplace_back(2 * shape.layers * CacheSize());
    for (const int32_t length : lengths) {
      products += 4.0 * length * shape.heads * shape.head_dim * shape.layers;
    }
  }

  static AttentionStep Decode(const Shape& shape, int branches, int shared) {
    AttentionStep step;
    step.shape = shape;
    step.name = shape.name + ", decode " + std::to_string(branches) + " x (" +
                std::to_string(shared) + " + 24)";
    step.spans.push_back({0, shared, 0, branches, 0});
    const int shared_pages = (shared + kPageSlots - 1) / kPageSlots;
    for (int b = 0; b < branches; ++b) {
      const int32_t start = (shared_pages + 2 * b) * kPageSlots;
      step.spans.push_back({start, kOwn - 1, b, b + 1, 0});
      step.spans.push_back({start + kOwn - 1, 1, b, b + 1, 1});
      step.slots.push_back(start + kOwn - 1);
      step.positions.push_back(shared + kOwn - 1);
    }
    step.pages = shared_pages + 2 * branches;
    step.Finish();
    return step;
  }

  static AttentionStep Prefill(const Shape& shape, int tokens) {
    AttentionStep step;
    step.shape = shape;
    step.name = shape.name + ", prefill " + std::to_string(tokens);
    step.spans.push_back({0, tokens, 0, tokens, 1});
    for (int t = 0; t < tokens; ++t) {
      step.slots.push_back(t);
      step.positions.push_back(t);
    }
    step.pages = (tokens + kPageSlots - 1) / kPageSlots;
    step.Finish();
    return step;
  }
};

void Print(const char* set, size_t threads, Seconds time, double products) {
  std::printf("  %-9s %zu threads  %8.2f ms wall  %8.2f ms processor", set, threads,
              time.wall * 1e3, time.processor * 1e3);
  if (products > 0) {
    std::printf("  %6.1f GFLOP/s  (%5.1f per processor second)", products / time.wall * 1e-9,
                products / time.processor * 1e-9);
  }
  std::printf("\n");
}

void BenchAttention(AttentionStep step, const std::vector<const KernelSet*>& sets) {
  const int layers = step.shape.layers;
  std::printf("attention, %s, %d layers\n", step.name.c_str(), layers);
  if (sets.size() > 1) {
    const Seconds scalar = Best(1, [&] { TreeAttentionScalar(step.Args(0)); });
    const Seconds all = {scalar.wall * layers, scalar.processor * layers};
    Print("scalar", 1, all, step.products);
  }
  for (const size_t threads : {size_t{1}, size_t{2}}) {
    ThreadPool pool(threads);
    const ParallelFor parallel = pool.parallel();
    for (const KernelSet* set : sets) {
      const size_t bytes =
          PlanTreeAttention(step.Args(0), threads, set->score_queries, nullptr).bytes;
      AlignedBytes scratch(bytes);
      const Seconds time = Best(kRepeats, [&] {
        for (int layer = 0; layer < layers; ++layer) {
          const TreeAttentionArgs args = step.Args(layer);
          set->tree_attention(
              args, PlanTreeAttention(args, threads, set->score_queries, scratch.data()), parallel);
        }
      });
      Print(set->name, threads, time, step.products);
    }
  }
}

void BenchElementwise() {
  Random random(2);
  const std::vector<float> x = random.Floats(size_t(kBranches) * 2 * kInner, -3.0f, 3.0f);
  const std::vector<float> residual = random.Floats(size_t(kBranches) * kHidden, -3.0f, 3.0f);
  const std::vector<float> scale(kBranches, 1.0f);
  std::vector<uint8_t> quantized(size_t(kBranches) * kInner);
  std::vector<float> out_scale(kBranches);
  std::vector<float> next(residual.size());
  SwiGluArgs swiglu{kBranches,        kInner,          512, x.data(), scale.data(), nullptr,
                    quantized.data(), out_scale.data()};
  AddNormQuantizeArgs norm{kBranches, kHidden,     residual.data(),  residual.data(), scale.data(),
                           1e-5f,     next.data(), quantized.data(), out_scale.data()};
  AlignedBytes scratch(SwiGluScratchBytes(swiglu, 1));
  const auto layers = [](const auto& work) {
    return [&work] {
      for (int layer = 0; layer < kLayers; ++layer) work();
    };
  };
  std::printf("SwiGLU with Hadamard 512, %d rows of %d, %d layers\n", kBranches, kInner, kLayers);
  const auto scalar_swiglu = [&] { SwiGluScalar(swiglu); };
  Print("scalar", 1, Best(1, layers(scalar_swiglu)), 0);
  for (const KernelSet* set : AllKernelSets()) {
    const auto work = [&] { set->swiglu(swiglu, {}, scratch.data()); };
    Print(set->name, 1, Best(kRepeats, layers(work)), 0);
  }
  std::printf("add, norm, quantise, %d rows of %d, 2 x %d layers\n", kBranches, kHidden, kLayers);
  const auto scalar_norm = [&] {
    AddNormQuantizeScalar(norm);
    AddNormQuantizeScalar(norm);
  };
  Print("scalar", 1, Best(1, layers(scalar_norm)), 0);
  for (const KernelSet* set : AllKernelSets()) {
    const auto work = [&] {
      set->add_norm_quantize(norm, {});
      set->add_norm_quantize(norm, {});
    };
    Print(set->name, 1, Best(kRepeats, layers(work)), 0);
  }
}

// What the sampler does for each row of logits before it draws: the maximum, then the weights.
void BenchSoftmax() {
  Random random(4);
  const std::vector<float> logits = random.Floats(size_t(kBranches) * kVocabulary, -3.0f, 3.0f);
  std::vector<float> weights(kVocabulary);
  std::vector<double> sums((kVocabulary + kSoftmaxBlock - 1) / kSoftmaxBlock);
  double total = 0;
  std::printf("softmax, %d rows of %d\n", kBranches, kVocabulary);
  for (const KernelSet* set : AllKernelSets()) {
    const auto work = [&] {
      for (int row = 0; row < kBranches; ++row) {
        const float* from = logits.data() + size_t(row) * kVocabulary;
        const float maximum = set->maximum_logit(from, kVocabulary, 1.0f);
        total += set->softmax(
            {from, kVocabulary, 1.0f, maximum, 1.0f / 0.7f, weights.data(), sums.data()});
      }
    };
    Print(set->name, 1, Best(kRepeats, work), 0);
  }
  if (!(total > 0)) std::printf("bad weights\n");
}

}  // namespace
}  // namespace espalier::test

// Arguments: part of a case's name, then the name of the only instruction set to run.
int main(int count, char** arguments) {
  using namespace espalier::test;
  const std::string filter = count > 1 ? arguments[1] : "";
  std::vector<const espalier::KernelSet*> sets;
  for (const espalier::KernelSet* set : AllKernelSets()) {
    if (count < 3 || std::string(arguments[2]) == set->name) sets.push_back(set);
  }
  const auto attention = [&](AttentionStep step) {
    if (step.name.find(filter) != std::string::npos) BenchAttention(std::move(step), sets);
  };
  const Shape large{"135M", 30, 9, 3, 64};
  const Shape small{"0.4M", 4, 3, 3, 32};
  attention(AttentionStep::Decode(large, kBranches, 512));
  attention(AttentionStep::Decode(large, 1, 512));
  attention(AttentionStep::Decode(large, kBranches, 4096));
  attention(AttentionStep::Prefill(large, 512));
  attention(AttentionStep::Decode(small, 256, 64));
  if (std::string("elementwise").find(filter) != std::string::npos) BenchElementwise();
  if (std::string("softmax").find(filter) != std::string::npos) BenchSoftmax();
  return 0;
}
