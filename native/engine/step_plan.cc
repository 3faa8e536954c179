#include "engine/step_plan.h"

#include <algorithm>
#include <cassert>

namespace espalier {

void StepPlan::Begin() {
  ++step_;
  rows_ = 0;
  running_.clear();
  wanted_.clear();
  input_ids_.clear();
  positions_.clear();
  slots_.clear();
  spans_.clear();
  output_rows_.clear();
}

int32_t StepPlan::Planned(const Node* node) const {
  return node->step == step_ ? node->planned : node->cached;
}

// Links the node and its ancestors into the tree of this step, each once.
void StepPlan::Enter(Node* node) {
  Node* child = nullptr;
  for (; node != nullptr; node = node->parent) {
    const bool is_known = node->step == step_;
    if (!is_known) {
      node->step = step_;
      node->first = node->planned = node->cached;
      node->step_children.clear();
    }
    if (child != nullptr) node->step_children.push_back(child);
    if (is_known) return;
    child = node;
  }
}

void StepPlan::Extend(Node* node, int32_t until) {
  Enter(node);
  assert(until > node->planned && until <= node->length());
  if (node->planned == node->first) running_.push_back(node);
  rows_ += until - node->planned;
  node->planned = until;
}

void StepPlan::Rerun(Node* node) {
  Enter(node);
  if (node->planned > node->first) return;  // it runs already
  assert(node->cached == node->length());
  node->first = node->cached - 1;
  running_.push_back(node);
  ++rows_;
}

void StepPlan::Read(Node* node, int32_t index) { wanted_.push_back({node, index}); }

void StepPlan::Finish(Node* root) {
  AssignRows(root);
  EmitSpans(root);
  for (const Wanted& wanted : wanted_) {
    output_rows_.push_back(wanted.node->row_begin + wanted.index - wanted.node->first);
  }
  std::sort(output_rows_.begin(), output_rows_.end());
  output_rows_.erase(std::unique(output_rows_.begin(), output_rows_.end()), output_rows_.end());
}

ForwardInput StepPlan::input() const {
  return {input_ids_, positions_, slots_, spans_, output_rows_};
}

int32_t StepPlan::OutputRow(const Node* node, int32_t index) const {
  const int64_t row = node->row_begin + index - node->first;
  const auto found = std::lower_bound(output_rows_.begin(), output_rows_.end(), row);
  assert(found != output_rows_.end() && *found == row);
  return static_cast<int32_t>(found - output_rows_.begin());
}

// Own rows first, then the children's: those that see most of this run come first, so that the
// rows which see any part of it are contiguous.
void StepPlan::AssignRows(Node* node) {
  node->row_begin = static_cast<int32_t>(input_ids_.size());
  for (int32_t i = node->first; i < node->planned; ++i) {
    input_ids_.push_back(node->tokens[i]);
    positions_.push_back(node->start + i);
    slots_.push_back(node->Slot(i));
  }
  node->own_end = static_cast<int32_t>(input_ids_.size());
  std::sort(node->step_children.begin(), node->step_children.end(),
            [](const Node* a, const Node* b) {
              return a->fork != b->fork ? a->fork > b->fork : a->id < b->id;
            });
  for (Node* child : node->step_children) AssignRows(child);
  node->row_end = static_cast<int32_t>(input_ids_.size());
}

// Cuts the run where rows begin to see less of it, and emits the pieces in path order.
void StepPlan::EmitSpans(const Node* node) {
  const bool has_rows = node->own_end > node->row_begin;
  const auto& children = node->step_children;  // falling fork
  size_t seeing = children.size();             // children that see the piece at hand
  int32_t begin = 0;
  while (begin < node->length()) {
    while (seeing > 0 && children[seeing - 1]->fork <= begin) --seeing;
    const bool is_own = has_rows && begin < node->first;
    if (seeing == 0 && !is_own) break;
    int32_t end = seeing > 0 ? children[seeing - 1]->fork : node->first;
    if (is_own) end = std::min(end, node->first);
    EmitRun(node, begin, end, is_own ? node->row_begin : node->own_end,
            seeing > 0 ? children[seeing - 1]->row_end : node->own_end);
    begin = end;
  }
  EmitCausal(node);
  for (const Node* child : children) EmitSpans(child);
}

// Tokens [begin, end) of the run, seen whole by rows [row_begin, row_end).
void StepPlan::EmitRun(const Node* node, int32_t begin, int32_t end, int32_t row_begin,
                       int32_t row_end) {
  while (begin < end) {
    const int32_t length = node->ContiguousFrom(begin, end);
    spans_.push_back({node->Slot(begin), length, row_begin, row_end, 0});
    begin += length;
  }
}

// Tokens [first, planned) of the run, seen by their own rows up to themselves.
void StepPlan::EmitCausal(const Node* node) {
  int32_t begin = node->first;
  int32_t row = node->row_begin;
  while (row < node->own_end) {
    const int32_t length = node->ContiguousFrom(begin, node->planned);
    spans_.push_back({node->Slot(begin), length, row, row + length, 1});
    if (row + length < node->own_end) {
      spans_.push_back({node->Slot(begin), length, row + length, node->own_end, 0});
    }
    begin += length;
    row += length;
  }
}

}  // namespace espalier
