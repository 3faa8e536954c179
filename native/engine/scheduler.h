// One model's queue and its steps: plan, reserve pages, run, sample, commit. Continuous batching
// over everything that is queued; nothing is visible before commit. Engine thread only.
// Surprise: results never depend on what shares a step, so order here is about speed alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/forward.h"
#include "engine/request.h"
#include "engine/step_plan.h"
#include "engine/token_tree.h"

namespace espalier {

class Scheduler {
 public:
  Scheduler(std::unique_ptr<Forward> forward, ModelLimits limits,
            std::shared_ptr<const Vocabulary> vocabulary);
  ~Scheduler();

  // Queue work below committed nodes. What needs no step, or can never fit, completes at once.
  void Add(ExtendRequest request, std::vector<Completion>& done);
  void Add(const SampleRequest& request);
  void Abort(int32_t request, std::vector<Completion>& done);
  // Drops one owner of a committed node.
  void Release(int64_t node);
  // Ends everything that is queued with `failure`.
  void FailAll(const Failure& failure, std::vector<Completion>& done);

  bool has_work() const { return !tasks_.empty(); }
  // Whether the last step found no page for any task; cleared by whatever may free one.
  bool is_stalled() const { return is_stalled_; }

  // Runs one step, or finds itself stalled. Tasks that alone need more than the pool fail.
  void Step(std::vector<Completion>& done);
  // Ends the youngest task with POOL_EXHAUSTED, so that others can go on.
  void FailYoungest(std::vector<Completion>& done);

  ModelStats stats() const;

 private:
  struct Task;

  void PlanStep();
  bool IsDecode(const Task& task) const;
  bool PlanTask(Task& task, int32_t& budget);
  bool PlanPath(Task& task, Node* node, int32_t goal, int32_t& budget);
  bool Preempt();
  void FailImpossible(std::vector<Completion>& done);
  void RunStep(std::vector<Completion>& done);
  void CommitStep(const ForwardOutput& output, std::vector<Completion>& done);
  void CommitExtend(Task& task, const ForwardOutput& output, std::vector<Completion>& done);
  void CommitSample(Task& task, const ForwardOutput& output, std::vector<Completion>& done);
  std::optional<Finish> FinishOf(Task& task, int32_t token) const;
  void Complete(Task& task, Completion completion, std::vector<Completion>& done);
  void Fail(Task& task, Failure failure, std::vector<Completion>& done);
  void Sweep();

  std::unique_ptr<Forward> forward_;
  ModelLimits limits_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  TokenTree tree_;
  StepPlan plan_;
  Sampler sampler_;
  int32_t prepared_row_ = -1;  // output row that sampler_ holds in this step
  const SampleRequest* prepared_request_ = nullptr;
  std::vector<std::unique_ptr<Task>> tasks_;     // by arrival
  std::vector<Task*> ready_;                     // of the step at hand: those it brings outputs
  std::vector<std::pair<Node*, int32_t>> path_;  // scratch of PlanPath
  bool is_stalled_ = false;
  ModelStats stats_;
};

}  // namespace espalier
