// Turns "these nodes run these tokens" into the packed inputs of one step: rows in depth-first
// order and the rectangles of KV that they see (DESIGN §4.3). Decides nothing itself.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/forward.h"
#include "engine/token_tree.h"

namespace espalier {

class StepPlan {
 public:
  // Forgets the step before.
  void Begin();

  // Tokens of `node` that are cached once this step has run.
  int32_t Planned(const Node* node) const;
  bool Runs(const Node* node, int32_t index) const {
    return node->step == step_ && index >= node->first && index < node->planned;
  }
  // Plans rows for tokens [Planned(node), until). Their slots are reserved already, and the path
  // above them is cached or planned.
  void Extend(Node* node, int32_t until);
  // Plans the last token of a fully cached node again, for its head output alone.
  void Rerun(Node* node);
  // Wants the head output of a planned token.
  void Read(Node* node, int32_t index);

  int32_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }
  const std::vector<Node*>& nodes() const { return running_; }

  // Lays out rows and spans. No planning after this.
  void Finish(Node* root);
  ForwardInput input() const;
  // Row of the head's output that belongs to a token wanted by Read. After Finish.
  int32_t OutputRow(const Node* node, int32_t index) const;

 private:
  void Enter(Node* node);
  void AssignRows(Node* node);
  void EmitSpans(const Node* node);
  void EmitRun(const Node* node, int32_t begin, int32_t end, int32_t row_begin, int32_t row_end);
  void EmitCausal(const Node* node);

  struct Wanted {
    const Node* node;
    int32_t index;
  };

  uint64_t step_ = 0;
  int32_t rows_ = 0;
  std::vector<Node*> running_;  // nodes with rows
  std::vector<Wanted> wanted_;
  std::vector<int64_t> input_ids_;
  std::vector<int32_t> positions_, slots_;
  std::vector<Span> spans_;
  std::vector<int64_t> output_rows_;  // ascending
};

}  // namespace espalier
