#include "engine/engine.h"

#include <chrono>
#include <exception>
#include <utility>

namespace espalier {
namespace {

// How long a pool may be too full for any work before the youngest request gives way: whoever
// holds the pages may be about to release some.
constexpr auto kStallLimit = std::chrono::seconds(2);

const Failure kDisposed = {"DISPOSED", "The model was disposed"};

}  // namespace

Engine::Engine(Deliver deliver) : deliver_(std::move(deliver)), thread_([this] { Main(); }) {}

Engine::~Engine() { Stop(); }

void Engine::Load(int32_t request, OpenForward open, ModelLimits limits,
                  std::shared_ptr<const Vocabulary> vocabulary) {
  Queue([this, request, open = std::move(open), limits,
         vocabulary = std::move(vocabulary)](std::vector<Completion>& done) {
    Completion completion;
    completion.request = request;
    try {
      models_.push_back(std::make_unique<Scheduler>(open(), limits, vocabulary));
      completion.model = static_cast<int32_t>(models_.size()) - 1;
    } catch (const std::exception& error) {
      completion.failure = Failure{"INVALID_MODEL", error.what()};
    }
    done.push_back(std::move(completion));
  });
}

void Engine::Extend(int32_t model, ExtendRequest request) {
  Queue([this, model, request = std::move(request)](std::vector<Completion>& done) {
    models_[model]->Add(request, done);
  });
}

void Engine::Sample(int32_t model, SampleRequest request) {
  Queue([this, model, request = std::move(request)](std::vector<Completion>&) {
    models_[model]->Add(request);
  });
}

void Engine::Abort(std::vector<int32_t> requests) {
  Queue([this, requests = std::move(requests)](std::vector<Completion>& done) {
    for (const auto& model : models_) {
      if (model == nullptr) continue;
      for (const int32_t request : requests) model->Abort(request, done);
    }
  });
}

void Engine::Release(int32_t model, int64_t node) {
  Queue([this, model, node](std::vector<Completion>&) {
    if (models_[model] != nullptr) models_[model]->Release(node);
  });
}

void Engine::ReadStats(int32_t request, int32_t model) {
  Queue([this, request, model](std::vector<Completion>& done) {
    Completion completion;
    completion.request = request;
    completion.stats = models_[model]->stats();
    done.push_back(std::move(completion));
  });
}

void Engine::Unload(int32_t request, int32_t model) {
  Queue([this, request, model](std::vector<Completion>& done) {
    models_[model]->FailAll(kDisposed, done);
    models_[model].reset();
    Completion completion;
    completion.request = request;
    done.push_back(std::move(completion));
  });
}

void Engine::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Engine::Queue(Command command) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(command));
  }
  wake_.notify_one();
}

void Engine::Main() {
  std::vector<Command> commands;
  std::vector<Completion> done;
  for (;;) {
    Scheduler* model = NextModel();
    {
      std::unique_lock lock(mutex_);
      const auto has_news = [this] { return is_stopping_ || !inbox_.empty(); };
      if (model == nullptr && !HasStalled()) wake_.wait(lock, has_news);
      if (model == nullptr && HasStalled() && !wake_.wait_for(lock, kStallLimit, has_news)) {
        for (const auto& stalled : models_) {
          if (stalled != nullptr && stalled->is_stalled()) stalled->FailYoungest(done);
        }
      }
      if (is_stopping_) break;
      commands.swap(inbox_);
    }
    for (const Command& command : commands) command(done);
    commands.clear();
    model = NextModel();
    if (model != nullptr) {
      StepOnce(*model, done);
      ++turn_;
    }
    if (!done.empty()) deliver_(std::exchange(done, {}));
  }
  for (const auto& model : models_) {
    if (model != nullptr) model->FailAll(kDisposed, done);
  }
  if (!done.empty()) deliver_(std::move(done));
  models_.clear();
}

// A model that runs out of memory outside a forward pass loses its work, not the process.
void Engine::StepOnce(Scheduler& model, std::vector<Completion>& done) {
  try {
    model.Step(done);
  } catch (const std::exception& error) {
    model.FailAll({"ENGINE_FAILED", error.what()}, done);
  }
}

Scheduler* Engine::NextModel() {
  for (size_t i = 0; i < models_.size(); ++i) {
    const size_t index = (turn_ + i) % models_.size();
    Scheduler* model = models_[index].get();
    if (model != nullptr && model->has_work() && !model->is_stalled()) {
      turn_ = index;
      return model;
    }
  }
  return nullptr;
}

bool Engine::HasStalled() const {
  for (const auto& model : models_) {
    if (model != nullptr && model->is_stalled()) return true;
  }
  return false;
}

}  // namespace espalier
