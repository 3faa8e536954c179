// `Engine` as JavaScript sees it (src/engine/addon.ts): every method only queues; completions come
// back through one thread-safe function, a batch for each engine step.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "engine/engine.h"
#include "ort/runtime.h"

namespace espalier {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit EngineObject(const Napi::CallbackInfo& info);
  ~EngineObject() override;

 private:
  void Load(const Napi::CallbackInfo& info);
  void Extend(const Napi::CallbackInfo& info);
  void Sample(const Napi::CallbackInfo& info);
  void Abort(const Napi::CallbackInfo& info);
  void Release(const Napi::CallbackInfo& info);
  void Stats(const Napi::CallbackInfo& info);
  void Unload(const Napi::CallbackInfo& info);

  // Counts unfinished requests: the event loop is kept alive while there are any.
  void Expect(Napi::Env env, size_t requests);
  // In the event loop. Owns what is carried; without an environment (it has ended) only frees it.
  static void Deliver(Napi::Env env, Napi::Function callback, EngineObject* self,
                      std::vector<Completion>* carried);
  // Stops and joins the thread, then lets go of the function. Idempotent.
  void Stop();

  using Completions =
      Napi::TypedThreadSafeFunction<EngineObject, std::vector<Completion>, &EngineObject::Deliver>;

  Runtime* runtime_ = nullptr;  // of the process
  size_t pending_ = 0;
  bool is_stopped_ = false;
  Completions completions_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  std::unique_ptr<Engine> engine_;
};

}  // namespace espalier
