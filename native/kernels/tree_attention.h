// Attention of a ragged step over the token tree: bias, q/k norm and RoPE of the new rows, their
// keys and values written to the paged pool, then softmax(q k) v over each row's token path.
// A row's result depends on its path alone, bit for bit: never on how the path is cut into spans
// and pages, where its slots lie, which rows are computed beside it, or on the number of workers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parallel.h"
#include "span.h"

namespace espalier {

// With row_scale, qkv holds int8 products: value = qkv[t, n] * row_scale[t], and rows leave as
// `quantized` and `out_scale` (see quantize.h). Without it they leave in `out`.
// RoPE rotates halves: pairs (d, d + head_dim / 2), angle = position * inv_freq[d], cosine and
// sine times attention_factor. The q and k norms are RMS norms over one head, before RoPE.
struct TreeAttentionArgs {
  int32_t rows = 0;        // T, 0 is fine
  int32_t heads = 0;       // query heads, a multiple of kv_heads
  int32_t kv_heads = 0;    // Hkv
  int32_t head_dim = 0;    // D, a multiple of 16, at most 256
  int32_t pages = 0;       // of the pool
  int32_t span_count = 0;  // S

  const float* qkv = nullptr;            // [T, (heads + 2 * kv_heads) * D]
  const float* row_scale = nullptr;      // [T], optional
  const int32_t* positions = nullptr;    // [T]
  const int32_t* slots = nullptr;        // [T], distinct; checked by CheckSlots
  const Span* spans = nullptr;           // [S], checked by MeasureRows
  const int32_t* row_lengths = nullptr;  // [T], filled by MeasureRows
  const float* inv_freq = nullptr;       // [D / 2]
  const float* qkv_bias = nullptr;       // [(heads + 2 * kv_heads) * D], optional
  const float* q_norm = nullptr;         // [D], optional
  const float* k_norm = nullptr;         // [D], optional
  float attention_factor = 1.0f;
  float norm_epsilon = 1e-6f;

  float* key_cache = nullptr;    // [Hkv, pages, D, 16], written in place
  float* value_cache = nullptr;  // [Hkv, pages, 16, D], written in place

  float* out = nullptr;          // [T, heads * D], without row_scale
  uint8_t* quantized = nullptr;  // [T, heads * D], with row_scale
  float* out_scale = nullptr;    // [T], with row_scale
};

// Checks the sizes alone (spans and slots have their own checks).
[[nodiscard]] InputError CheckTreeAttention(const TreeAttentionArgs& args) noexcept;

// Bytes of scratch memory that TreeAttention needs when run with `workers` workers.
[[nodiscard]] size_t TreeAttentionScratchBytes(const TreeAttentionArgs& args,
                                               size_t workers) noexcept;

// Writes the pool and the outputs. `scratch` holds TreeAttentionScratchBytes bytes, aligned to 64.
void TreeAttention(const TreeAttentionArgs& args, const ParallelFor& parallel,
                   void* scratch) noexcept;

}  // namespace espalier
