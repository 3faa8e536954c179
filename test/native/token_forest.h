// Random token trees, and random ways to lay one out in the pool and to compute it step by step.
// A token's inputs belong to the token, so its outputs must be the same in every layout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/span.h"
#include "random.h"

namespace espalier::test {

struct Token {
  int32_t parent;    // -1: a root
  int32_t position;  // depth in the tree
};

// A forest as a list of tokens, parents first.
struct Forest {
  std::vector<Token> tokens;

  // `count` tokens; each extends the newest with probability `straight`, else any token, and opens
  // a new tree now and then.
  static Forest Make(Random& random, int32_t count, double straight) {
    Forest forest;
    for (int32_t i = 0; i < count; ++i) {
      int32_t parent = i - 1;
      if (i > 0 && !random.Chance(straight))
        parent = random.Range(random.Chance(0.1) ? -1 : 0, i - 1);
      forest.tokens.push_back({parent, parent < 0 ? 0 : forest.tokens[parent].position + 1});
    }
    return forest;
  }
};

// One call of the kernel: rows in depth-first order, each computing one token.
struct Step {
  std::vector<int32_t> tokens;  // [T]
  std::vector<int32_t> slots;   // [T]
  std::vector<Span> spans;      // [S]
};

// Where every token's KV lies, and in which steps the tokens are computed.
struct Layout {
  int32_t pages = 0;
  std::vector<int32_t> slots;  // [tokens]
  std::vector<Step> steps;
};

// Builds one random layout of a forest.
class LayoutMaker {
 public:
  LayoutMaker(const Forest& forest, Random& random) : forest_(forest), random_(random) {
    children_.resize(forest.tokens.size());
    for (size_t i = 0; i < forest.tokens.size(); ++i) {
      const int32_t parent = forest.tokens[i].parent;
      (parent < 0 ? roots_ : children_[parent]).push_back(static_cast<int32_t>(i));
    }
  }

  Layout Make() {
    merge_chance_ = random_.Pick<double>({0.5, 0.9, 1.0});
    for (auto& siblings : children_) Shuffle(siblings);
    Shuffle(roots_);
    PlaceTokens();
    CutSteps();
    return std::move(layout_);
  }

 private:
  void Shuffle(std::vector<int32_t>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random_.Next() % i]);
  }

  // Gives each token a slot: mostly the one after its parent's, else the start of a free stretch
  // anywhere, at the start of a page or in the middle of one.
  void PlaceTokens() {
    const int32_t count = static_cast<int32_t>(forest_.tokens.size());
    const double follow = random_.Pick<double>({0.6, 0.95, 1.0});
    const bool aligned = random_.Chance(0.3);
    layout_.pages = count + random_.Range(1, 8);
    std::vector<bool> taken(size_t(layout_.pages) * kPageSlots, false);
    layout_.slots.resize(count);
    for (int32_t i = 0; i < count; ++i) {
      const int32_t parent = forest_.tokens[i].parent;
      size_t slot = parent < 0 ? taken.size() : layout_.slots[parent] + 1;
      if (slot >= taken.size() || taken[slot] || !random_.Chance(follow)) {
        do {
          slot = random_.Next() % taken.size();
          if (aligned) slot -= slot % kPageSlots;
        } while (taken[slot]);
      }
      taken[slot] = true;
      layout_.slots[i] = static_cast<int32_t>(slot);
    }
  }

  // Every token is computed in its parent's step or a later one.
  void CutSteps() {
    const double later = random_.Pick<double>({0.0, 0.02, 0.2, 1.0});
    step_of_.resize(forest_.tokens.size());
    int32_t last = 0;
    for (size_t i = 0; i < forest_.tokens.size(); ++i) {
      const int32_t parent = forest_.tokens[i].parent;
      step_of_[i] = (parent < 0 ? 0 : step_of_[parent]) + (random_.Chance(later) ? 1 : 0);
      last = std::max(last, step_of_[i]);
    }
    for (int32_t step = 0; step <= last; ++step) {
      layout_.steps.emplace_back();
      rows_below_.assign(forest_.tokens.size(), 0);
      for (size_t i = forest_.tokens.size(); i-- > 0;) {
        rows_below_[i] += step_of_[i] == step ? 1 : 0;
        const int32_t parent = forest_.tokens[i].parent;
        if (parent >= 0) rows_below_[parent] += rows_below_[i];
      }
      for (const int32_t root : roots_) Visit(root, step);
    }
  }

  bool Follows(int32_t token, int32_t next) const {
    return layout_.slots[next] == layout_.slots[token] + 1;
  }

  // Adds the rows and spans of a token's subtree, a random run of tokens at a time.
  void Visit(int32_t token, int32_t step) {
    if (rows_below_[token] == 0) return;
    Step& out = layout_.steps.back();
    const int32_t begin = static_cast<int32_t>(out.tokens.size());
    const int32_t end = begin + rows_below_[token];
    const bool computed = step_of_[token] == step;
    std::vector<int32_t> run = {token};
    // A run goes on while one child holds all rows below and lies in the next slot.
    while (random_.Chance(merge_chance_)) {
      const int32_t next = OnlyChild(run.back());
      if (next < 0 || !Follows(run.back(), next) || (step_of_[next] == step) != computed) break;
      run.push_back(next);
    }
    const int32_t length = static_cast<int32_t>(run.size());
    const int32_t start = layout_.slots[token];
    if (!computed) {
      AddPlain(start, length, begin, end);
    } else {
      for (const int32_t one : run) {
        out.tokens.push_back(one);
        out.slots.push_back(layout_.slots[one]);
      }
      AddCausal(start, length, begin);
      if (end > begin + length) AddPlain(start, length, begin + length, end);
    }
    for (const int32_t child : children_[run.back()]) Visit(child, step);
  }

  int32_t OnlyChild(int32_t token) const {
    int32_t only = -1;
    for (const int32_t child : children_[token]) {
      if (rows_below_[child] == 0) continue;
      if (only >= 0) return -1;
      only = child;
    }
    return only;
  }

  // A run that rows see whole, at times cut into several rectangles.
  void AddPlain(int32_t start, int32_t length, int32_t begin, int32_t end) {
    std::vector<Span>& spans = layout_.steps.back().spans;
    if (length > 1 && random_.Chance(0.2)) {
      const int32_t cut = random_.Range(1, length - 1);
      AddPlain(start, cut, begin, end);
      AddPlain(start + cut, length - cut, begin, end);
    } else if (end - begin > 1 && random_.Chance(0.1)) {
      const int32_t cut = random_.Range(begin + 1, end - 1);
      spans.push_back({start, length, begin, cut, 0});
      spans.push_back({start, length, cut, end, 0});
    } else {
      spans.push_back({start, length, begin, end, 0});
    }
  }

  // A run whose rows are being computed, at times as two shorter triangles and a rectangle.
  void AddCausal(int32_t start, int32_t length, int32_t begin) {
    if (length > 1 && random_.Chance(0.3)) {
      const int32_t cut = random_.Range(1, length - 1);
      AddCausal(start, cut, begin);
      AddPlain(start, cut, begin + cut, begin + length);
      AddCausal(start + cut, length - cut, begin + cut);
    } else {
      layout_.steps.back().spans.push_back({start, length, begin, begin + length, 1});
    }
  }

  const Forest& forest_;
  Random& random_;
  double merge_chance_ = 1.0;
  std::vector<int32_t> roots_;
  std::vector<std::vector<int32_t>> children_;
  std::vector<int32_t> step_of_;
  std::vector<int32_t> rows_below_;  // rows of the current step at or below each token
  Layout layout_;
};

}  // namespace espalier::test
