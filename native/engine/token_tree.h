// The tree of token runs whose KV is cached: who hangs below whom, which pages a run holds, when
// they are freed. Not thread-safe (the engine thread owns it); knows nothing of requests.
// Surprise: a child may fork off in the middle of its parent's run, so runs are never split.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/page_pool.h"
#include "kernels/span.h"

namespace espalier {

// One run of tokens. The path to token i is the parent's path to `fork`, then tokens[0..i].
struct Node {
  int64_t id = 0;
  Node* parent = nullptr;
  int32_t fork = 0;   // tokens of the parent's run that precede this one
  int32_t start = 0;  // absolute position of tokens[0]
  std::vector<int32_t> tokens;
  int32_t cached = 0;           // leading tokens whose KV is in the pool
  std::vector<int32_t> pages;   // token i lies in pages[i / 16]
  int32_t owners = 0;           // handles outside the tree
  int32_t dependents = 0;       // nodes that name this one as parent
  std::vector<Node*> children;  // committed ones, found by content

  // Of the step being planned; meaningless when `step` is another one's number (StepPlan).
  uint64_t step = 0;
  int32_t first = 0;    // first token to be run
  int32_t planned = 0;  // one past the last token that is cached after the step
  int32_t row_begin = 0, own_end = 0, row_end = 0;  // own rows, then those of the subtree
  std::vector<Node*> step_children;

  int32_t length() const { return static_cast<int32_t>(tokens.size()); }
  int32_t Slot(int32_t index) const {
    return pages[index / kPageSlots] * kPageSlots + index % kPageSlots;
  }
  // Length of the longest run of adjacent slots that begins at token `begin` and ends by `end`.
  int32_t ContiguousFrom(int32_t begin, int32_t end) const;
};

class TokenTree {
 public:
  explicit TokenTree(int32_t pages);
  ~TokenTree();
  TokenTree(const TokenTree&) = delete;
  TokenTree& operator=(const TokenTree&) = delete;

  Node* root() { return &root_; }
  PagePool& pool() { return pool_; }
  const PagePool& pool() const { return pool_; }
  // Nodes beside the root, open ones included.
  int32_t size() const { return static_cast<int32_t>(nodes_.size()); }

  // A committed node, or null.
  Node* Find(int64_t id);

  // A new open node below `parent` after `fork` of its tokens, with one owner. Nobody else finds
  // it.
  Node* Open(Node* parent, int32_t fork);
  // Makes an open node immutable and findable.
  void Commit(Node* node);
  void Retain(Node* node) { ++node->owners; }
  // Drops one owner; frees the node, its pages and every ancestor that nobody needs any more.
  void Release(Node* node);

  // Gives the node pages for its first `count` tokens, all or none. False: the pool is too full.
  bool Reserve(Node* node, int32_t count);
  // Frees the pages beyond the first `pages`; the caller has lowered `cached` before.
  void Trim(Node* node, size_t pages);

  struct Position {
    Node* node;
    int32_t fork;     // tokens of node's run that are on the path
    int32_t matched;  // of the given tokens
  };
  // Follows `tokens` below the end of `parent` through committed nodes, as far as they agree.
  Position Match(Node* parent, std::span<const int32_t> tokens);

  // Pages that the path down to the end of `node` holds.
  static int64_t PathPages(const Node* node);

 private:
  PagePool pool_;
  Node root_;
  std::unordered_map<int64_t, std::unique_ptr<Node>> nodes_;
  int64_t last_id_ = 0;
};

}  // namespace espalier
