#include "engine/token_tree.h"

#include <algorithm>
#include <cassert>

namespace espalier {
namespace {

int32_t CommonPrefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<int32_t>(end - a.begin());
}

}  // namespace

int32_t Node::ContiguousFrom(int32_t begin, int32_t end) const {
  size_t page = static_cast<size_t>(begin / kPageSlots);
  while (page + 1 < pages.size() && pages[page + 1] == pages[page] + 1) ++page;
  return std::min(end, static_cast<int32_t>(page + 1) * kPageSlots) - begin;
}

TokenTree::TokenTree(int32_t pages) : pool_(pages) { root_.owners = 1; }

TokenTree::~TokenTree() = default;

Node* TokenTree::Find(int64_t id) {
  if (id == 0) return &root_;
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : found->second.get();
}

Node* TokenTree::Open(Node* parent, int32_t fork) {
  assert(fork <= parent->length());
  auto node = std::make_unique<Node>();
  node->id = ++last_id_;
  node->parent = parent;
  node->fork = fork;
  node->start = parent->start + fork;
  node->owners = 1;
  ++parent->dependents;
  return nodes_.emplace(node->id, std::move(node)).first->second.get();
}

void TokenTree::Commit(Node* node) { node->parent->children.push_back(node); }

void TokenTree::Release(Node* node) {
  assert(node->owners > 0);
  --node->owners;
  while (node != &root_ && node->owners == 0 && node->dependents == 0) {
    Node* parent = node->parent;
    Trim(node, 0);
    std::erase(parent->children, node);
    --parent->dependents;
    nodes_.erase(node->id);
    node = parent;
  }
}

bool TokenTree::Reserve(Node* node, int32_t count) {
  const size_t needed = (static_cast<size_t>(count) + kPageSlots - 1) / kPageSlots;
  const size_t held = node->pages.size();
  if (needed <= held) return true;
  if (needed - held > static_cast<size_t>(pool_.available())) return false;
  node->pages.reserve(needed);
  while (node->pages.size() < needed) {
    node->pages.push_back(pool_.Take(node->pages.empty() ? PagePool::kNone : node->pages.back()));
  }
  return true;
}

void TokenTree::Trim(Node* node, size_t pages) {
  while (node->pages.size() > pages) {
    pool_.Give(node->pages.back());
    node->pages.pop_back();
  }
}

TokenTree::Position TokenTree::Match(Node* parent, std::span<const int32_t> tokens) {
  Position at{parent, parent->length(), 0};
  for (;;) {
    const auto rest = tokens.subspan(at.matched);
    if (rest.empty()) return at;
    Node* best = nullptr;
    int32_t longest = 0;
    for (Node* child : at.node->children) {
      if (child->fork != at.fork) continue;
      const int32_t common = CommonPrefix(child->tokens, rest);
      if (common > longest) {
        best = child;
        longest = common;
      }
    }
    if (best == nullptr) return at;
    at = {best, longest, at.matched + longest};
  }
}

int64_t TokenTree::PathPages(const Node* node) {
  int64_t pages = 0;
  for (; node != nullptr; node = node->parent) pages += static_cast<int64_t>(node->pages.size());
  return pages;
}

}  // namespace espalier
