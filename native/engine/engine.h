// The engine thread of one environment: takes what is queued for its models, lets them step in
// turn, delivers what is finished. Every public method only queues, and may be called from any
// thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/request.h"
#include "engine/scheduler.h"

namespace espalier {

class Engine {
 public:
  using OpenForward = std::function<std::unique_ptr<Forward>()>;
  using Deliver = std::function<void(std::vector<Completion>)>;

  // `deliver` is called on the engine thread, once per step, with everything that has finished.
  explicit Engine(Deliver deliver);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // `open` runs on the engine thread; what it throws becomes the completion's failure.
  void Load(int32_t request, OpenForward open, ModelLimits limits,
            std::shared_ptr<const Vocabulary> vocabulary);
  void Extend(int32_t model, ExtendRequest request);
  void Sample(int32_t model, SampleRequest request);
  void Abort(std::vector<int32_t> requests);
  void Release(int32_t model, int64_t node);
  void ReadStats(int32_t request, int32_t model);
  // Fails what is queued for the model with DISPOSED and frees its memory.
  void Unload(int32_t request, int32_t model);
  // Waits for the step at hand, fails everything with DISPOSED and joins the thread.
  void Stop();

 private:
  using Command = std::function<void(std::vector<Completion>&)>;

  void Queue(Command command);
  void Main();
  static void StepOnce(Scheduler& model, std::vector<Completion>& done);
  // Next model with work that can go on, after the one that stepped last; null: none.
  Scheduler* NextModel();
  bool HasStalled() const;

  Deliver deliver_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Command> inbox_;
  bool is_stopping_ = false;

  // Engine thread only.
  std::vector<std::unique_ptr<Scheduler>> models_;  // null: unloaded
  size_t turn_ = 0;

  std::thread thread_;
};

}  // namespace espalier
