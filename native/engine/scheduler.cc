#include "engine/scheduler.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "engine/philox.h"

namespace espalier {
namespace {

// Rows of a step that continue sampled paths. Past it the oldest go first: a wider step would need
// more memory for logits and more pages at once, and gain nothing.
constexpr int32_t kMaxDecodeRows = 256;

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Failure PoolTooSmall(int64_t needed, int64_t pages) {
  return {"POOL_TOO_SMALL", "Expected the KV pool to hold a path of " +
                                std::to_string(needed * kPageSlots) + " tokens, got room for " +
                                std::to_string(pages * kPageSlots) +
                                "; give it more memory (`kvMemory`, --kv-memory)"};
}

}  // namespace

// One node being grown: by known tokens (extend) or by sampled ones.
struct Scheduler::Task {
  int32_t request = 0;
  Node* node = nullptr;  // open; owned by the task
  Node* parent = nullptr;
  bool is_done = false;
  bool is_in_step = false;
  int32_t computed = 0;

  // extend
  std::vector<int32_t> reads;  // indices into node->tokens
  size_t next_read = 0;
  size_t reads_in_step = 0;
  std::vector<float> heads;

  // sample
  std::shared_ptr<const SampleRequest> sampling;  // null: extend
  uint64_t path_key = 0;
  int32_t max_tokens = 0;
  StopMatcher matcher;
  std::vector<float> log_probabilities;

  explicit Task(std::shared_ptr<const StopStrings> stops) : matcher(std::move(stops)) {}

  // The node whose last token's logits the next sampled token is drawn from.
  Node* cursor() const { return node->tokens.empty() ? parent : node; }
  // Tokens of node that must be cached before an extend is done.
  int32_t goal() const {
    const bool reads_last = !reads.empty() && reads.back() == node->length() - 1;
    return reads_last ? node->length() : node->length() - 1;
  }
};

Scheduler::Scheduler(std::unique_ptr<Forward> forward, ModelLimits limits,
                     std::shared_ptr<const Vocabulary> vocabulary)
    : forward_(std::move(forward)),
      limits_(limits),
      vocabulary_(std::move(vocabulary)),
      tree_(limits.pages) {}

Scheduler::~Scheduler() = default;

void Scheduler::Add(ExtendRequest request, std::vector<Completion>& done) {
  auto task = std::make_unique<Task>(nullptr);
  task->request = request.request;
  Node* parent = tree_.Find(request.parent);
  // The last token, and every token that is read, gets a row of its own: they are never matched.
  const int32_t count = static_cast<int32_t>(request.tokens.size());
  const int32_t limit =
      request.read_at.empty() ? count - 1 : std::min(count - 1, request.read_at.front());
  const auto at = tree_.Match(parent, std::span(request.tokens).first(limit));
  task->parent = at.node;
  task->node = tree_.Open(at.node, at.fork);
  task->node->tokens.assign(request.tokens.begin() + at.matched, request.tokens.end());
  for (const int32_t index : request.read_at) task->reads.push_back(index - at.matched);
  is_stalled_ = false;
  tasks_.push_back(std::move(task));
  Task& added = *tasks_.back();
  const int64_t needed =
      TokenTree::PathPages(added.parent) + (added.node->length() + kPageSlots - 1) / kPageSlots;
  if (needed > limits_.pages) {
    Fail(added, PoolTooSmall(needed, limits_.pages), done);
  } else if (added.goal() == 0) {
    Completion completion;
    Complete(added, std::move(completion), done);
  }
  Sweep();
}

void Scheduler::Add(const SampleRequest& request) {
  is_stalled_ = false;
  const auto shared = std::make_shared<const SampleRequest>(request);
  Node* parent = tree_.Find(request.parent);
  for (const auto& child : request.children) {
    auto task = std::make_unique<Task>(request.stops);
    task->request = child.request;
    task->sampling = shared;
    task->path_key = child.path_key;
    task->max_tokens = child.max_tokens;
    task->parent = parent;
    task->node = tree_.Open(parent, parent->length());
    tasks_.push_back(std::move(task));
  }
}

void Scheduler::Abort(int32_t request, std::vector<Completion>& done) {
  is_stalled_ = false;
  for (const auto& task : tasks_) {
    if (task->request == request && !task->is_done) {
      Fail(*task, {"ABORTED", "The request was aborted"}, done);
    }
  }
  Sweep();
}

void Scheduler::Release(int64_t id) {
  tree_.Release(tree_.Find(id));
  is_stalled_ = false;
}

void Scheduler::FailAll(const Failure& failure, std::vector<Completion>& done) {
  for (const auto& task : tasks_) {
    if (!task->is_done) Fail(*task, failure, done);
  }
  Sweep();
}

void Scheduler::FailYoungest(std::vector<Completion>& done) {
  if (tasks_.empty()) return;
  Task& task = *tasks_.back();
  Fail(task,
       {"POOL_EXHAUSTED", "Expected a free page in the KV pool, got none of " +
                              std::to_string(limits_.pages) + " (" +
                              std::to_string(int64_t{limits_.pages} * kPageSlots) +
                              " tokens); search less at once or give it more memory "
                              "(`kvMemory`, --kv-memory)"},
       done);
  Sweep();
  is_stalled_ = false;
}

void Scheduler::Step(std::vector<Completion>& done) {
  const auto begin = std::chrono::steady_clock::now();
  const double run_before = stats_.run_seconds;
  do {
    PlanStep();
  } while (plan_.empty() && Preempt());
  is_stalled_ = plan_.empty();
  if (is_stalled_) {
    FailImpossible(done);
  } else {
    RunStep(done);
  }
  Sweep();
  stats_.engine_seconds += SecondsSince(begin) - (stats_.run_seconds - run_before);
}

// Decode rows first, then prefill up to the chunk; both by arrival.
void Scheduler::PlanStep() {
  plan_.Begin();
  ready_.clear();
  for (const auto& task : tasks_) task->is_in_step = false;
  const auto plan_all = [this](bool is_decode, int32_t budget) {
    for (const auto& task : tasks_) {
      if (IsDecode(*task) != is_decode) continue;
      if (PlanTask(*task, budget)) ready_.push_back(task.get());
    }
  };
  plan_all(true, kMaxDecodeRows);
  const int32_t decoded = plan_.rows();
  plan_all(false, limits_.chunk);
  stats_.decoded += decoded;
  stats_.prefilled += plan_.rows() - decoded;
}

// Whether one row, or none of its own, brings the task its next token.
bool Scheduler::IsDecode(const Task& task) const {
  if (!task.sampling) return false;
  const Node* cursor = task.cursor();
  const bool is_reached = cursor->cached > 0 || cursor->parent->cached >= cursor->fork;
  return is_reached && cursor->length() - cursor->cached <= 1;
}

// Plans what the task still needs, at most `budget` rows. True: outputs for it come with this step.
bool Scheduler::PlanTask(Task& task, int32_t& budget) {
  if (!task.sampling) {
    const bool is_filled = PlanPath(task, task.node, task.goal(), budget);
    task.reads_in_step = 0;
    const int32_t planned = plan_.Planned(task.node);
    for (size_t i = task.next_read; i < task.reads.size() && task.reads[i] < planned; ++i) {
      plan_.Read(task.node, task.reads[i]);
      ++task.reads_in_step;
    }
    return is_filled || task.reads_in_step > 0;
  }
  Node* cursor = task.cursor();
  const int32_t last = cursor->length() - 1;
  if (!plan_.Runs(cursor, last)) {
    if (!PlanPath(task, cursor, last + 1, budget)) return false;
    if (!plan_.Runs(cursor, last)) {  // cached before: run again for its logits
      if (budget == 0) return false;
      plan_.Rerun(cursor);
      --budget;
    }
  }
  task.is_in_step = true;
  plan_.Read(cursor, last);
  return true;
}

// Plans the rows that are missing on the path down to token `goal` of `node`, top first. False:
// budget or pages ended before.
bool Scheduler::PlanPath(Task& task, Node* node, int32_t goal, int32_t& budget) {
  path_.clear();
  for (;;) {  // a node with anything cached has everything above it cached
    path_.emplace_back(node, goal);
    if (plan_.Planned(node) > 0 || node->parent == tree_.root()) break;
    goal = node->fork;
    node = node->parent;
  }
  for (; !path_.empty(); path_.pop_back()) {
    const auto [at, until] = path_.back();
    const int32_t from = plan_.Planned(at);
    if (until <= from) continue;
    const int32_t rows = std::min(until - from, budget);
    if (rows == 0 || !tree_.Reserve(at, from + rows)) return false;
    plan_.Extend(at, from + rows);
    budget -= rows;
    task.computed += rows;
    task.is_in_step = true;
    if (from + rows < until) return false;
  }
  return true;
}

// Takes the pages of the youngest task that holds any; its tokens stay, their KV is run again
// later. Never the oldest task's, so that something always gets done.
bool Scheduler::Preempt() {
  for (size_t i = tasks_.size(); i-- > 1;) {
    Node* node = tasks_[i]->node;
    if (node->pages.empty()) continue;
    node->cached = 0;
    tree_.Trim(node, 0);
    return true;
  }
  return false;
}

// A task whose path fills the pool by itself waits for nothing.
void Scheduler::FailImpossible(std::vector<Completion>& done) {
  for (const auto& task : tasks_) {
    const int64_t needed = TokenTree::PathPages(task->node) + 1;
    if (needed > limits_.pages) Fail(*task, PoolTooSmall(needed, limits_.pages), done);
  }
}

void Scheduler::RunStep(std::vector<Completion>& done) {
  plan_.Finish(tree_.root());
  ForwardOutput output;
  const auto begin = std::chrono::steady_clock::now();
  try {
    output = forward_->Run(plan_.input());
  } catch (const std::exception& error) {
    stats_.run_seconds += SecondsSince(begin);
    for (Node* node : plan_.nodes()) {
      tree_.Trim(node, (static_cast<size_t>(node->cached) + kPageSlots - 1) / kPageSlots);
    }
    for (const auto& task : tasks_) {
      if (task->is_in_step) Fail(*task, {"ENGINE_FAILED", error.what()}, done);
    }
    return;
  }
  stats_.run_seconds += SecondsSince(begin);
  ++stats_.steps;
  CommitStep(output, done);
}

void Scheduler::CommitStep(const ForwardOutput& output, std::vector<Completion>& done) {
  for (Node* node : plan_.nodes()) node->cached = std::max(node->cached, node->planned);
  prepared_row_ = -1;
  for (Task* task : ready_) {
    if (task->sampling) {
      CommitSample(*task, output, done);
    } else {
      CommitExtend(*task, output, done);
    }
  }
}

void Scheduler::CommitExtend(Task& task, const ForwardOutput& output,
                             std::vector<Completion>& done) {
  const int32_t width = forward_->head_width();
  for (size_t i = 0; i < task.reads_in_step; ++i) {
    const int32_t row = plan_.OutputRow(task.node, task.reads[task.next_read++]);
    const float scale = output.logit_scale ? output.logit_scale[row] : 1.0f;
    const float* logits = output.logits + static_cast<int64_t>(row) * width;
    for (int32_t i = 0; i < width; ++i) task.heads.push_back(logits[i] * scale);
  }
  if (task.node->cached < task.goal()) return;
  Completion completion;
  completion.heads = std::move(task.heads);
  completion.computed = task.computed;
  Complete(task, std::move(completion), done);
}

void Scheduler::CommitSample(Task& task, const ForwardOutput& output,
                             std::vector<Completion>& done) {
  Node* node = task.node;
  const SampleRequest& request = *task.sampling;
  const int32_t row = plan_.OutputRow(task.cursor(), task.cursor()->length() - 1);
  if (row != prepared_row_ || &request != prepared_request_) {
    const size_t width = static_cast<size_t>(forward_->head_width());
    const float scale = output.logit_scale ? output.logit_scale[row] : 1.0f;
    if (!sampler_.Prepare({output.logits + row * width, width}, scale, request.sampling)) {
      Fail(task, {"ENGINE_FAILED", "Expected the model's logits to be finite, got NaN or infinity"},
           done);
      return;
    }
    prepared_row_ = row;
    prepared_request_ = &request;
  }
  const auto index = static_cast<uint32_t>(node->length());
  const int32_t token = sampler_.Draw(UniformAt(request.stream_key, task.path_key, index));
  node->tokens.push_back(token);
  task.log_probabilities.push_back(sampler_.LogProbability(token));
  if (const auto finish = FinishOf(task, token)) {
    Completion completion;
    completion.tokens = node->tokens;
    completion.log_probabilities = std::move(task.log_probabilities);
    completion.finish = *finish;
    Complete(task, std::move(completion), done);
  }
}

std::optional<Finish> Scheduler::FinishOf(Task& task, int32_t token) const {
  if (vocabulary_->IsEnd(token)) return Finish::kEnd;
  switch (task.matcher.Feed(vocabulary_->BytesOf(token))) {
    case StopMatcher::Found::kDelimiter:
      return Finish::kDelimiter;
    case StopMatcher::Found::kStop:
      return Finish::kStop;
    case StopMatcher::Found::kNone:
      break;
  }
  const Node* node = task.node;
  const bool is_full = node->start + node->length() >= limits_.context;
  if (is_full || node->length() >= task.max_tokens) return Finish::kLength;
  return std::nullopt;
}

void Scheduler::Complete(Task& task, Completion completion, std::vector<Completion>& done) {
  tree_.Commit(task.node);
  completion.request = task.request;
  completion.node = task.node->id;  // its owner is the receiver now
  task.is_done = true;
  done.push_back(std::move(completion));
}

void Scheduler::Fail(Task& task, Failure failure, std::vector<Completion>& done) {
  tree_.Release(task.node);
  task.is_done = true;
  Completion completion;
  completion.request = task.request;
  completion.failure = std::move(failure);
  done.push_back(std::move(completion));
}

void Scheduler::Sweep() {
  std::erase_if(tasks_, [](const auto& task) { return task->is_done; });
}

ModelStats Scheduler::stats() const {
  ModelStats stats = stats_;
  stats.pages = tree_.pool().total();
  stats.pages_used = tree_.pool().used();
  stats.nodes = tree_.size();
  return stats;
}

}  // namespace espalier
