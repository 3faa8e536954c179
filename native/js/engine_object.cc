#include "js/engine_object.h"

#include <stdexcept>
#include <utility>

#include "js/convert.h"

namespace espalier {
namespace {

int32_t IntegerAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

int64_t NodeAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int64Value();
}

}  // namespace

Napi::Function EngineObject::Define(Napi::Env env) {
  return DefineClass(
      env, "Engine",
      {InstanceMethod<&EngineObject::Load>("load"), InstanceMethod<&EngineObject::Extend>("extend"),
       InstanceMethod<&EngineObject::Sample>("sample"),
       InstanceMethod<&EngineObject::Abort>("abort"),
       InstanceMethod<&EngineObject::Release>("release"),
       InstanceMethod<&EngineObject::Stats>("stats"),
       InstanceMethod<&EngineObject::Unload>("unload")});
}

EngineObject::EngineObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<EngineObject>(info),
      runtime_(&Runtime::Open(info[0].As<Napi::String>().Utf8Value())),
      completions_(Completions::New(info.Env(), info[1].As<Napi::Function>(),
                                    "espalier completions", 0, 1, this)) {
  completions_.Unref(info.Env());
  engine_ = std::make_unique<Engine>([this](std::vector<Completion> batch) {
    auto carried = std::make_unique<std::vector<Completion>>(std::move(batch));
    // Refused: the environment is going away.
    if (completions_.NonBlockingCall(carried.get()) == napi_ok) carried.release();
  });
  napi_add_async_cleanup_hook(
      info.Env(),
      [](napi_async_cleanup_hook_handle handle, void* self) {
        static_cast<EngineObject*>(self)->Stop();
        napi_remove_async_cleanup_hook(handle);
      },
      this, &cleanup_);
}

EngineObject::~EngineObject() {
  if (!is_stopped_) {
    napi_remove_async_cleanup_hook(cleanup_);
    Stop();
  }
}

void EngineObject::Stop() {
  if (is_stopped_) return;
  is_stopped_ = true;
  engine_->Stop();
  completions_.Release();
}

void EngineObject::Load(const Napi::CallbackInfo& info) {
  const auto spec = info[1].As<Napi::Object>();
  auto open = [runtime = runtime_, model = ToOrtModel(spec)] {
    return std::unique_ptr<Forward>(std::make_unique<OrtForward>(*runtime, model));
  };
  engine_->Load(IntegerAt(info, 0), std::move(open), ToLimits(spec), ToVocabulary(spec));
  Expect(info.Env(), 1);
}

void EngineObject::Extend(const Napi::CallbackInfo& info) {
  ExtendRequest request;
  request.request = IntegerAt(info, 0);
  request.parent = NodeAt(info, 2);
  request.tokens = ToIntegers(info[3]);
  request.read_at = ToIntegers(info[4]);
  engine_->Extend(IntegerAt(info, 1), std::move(request));
  Expect(info.Env(), 1);
}

void EngineObject::Sample(const Napi::CallbackInfo& info) {
  const auto requests = ToIntegers(info[0]);
  const auto path_keys = info[3].As<Napi::BigUint64Array>();
  const auto max_tokens = ToIntegers(info[4]);
  SampleRequest request;
  request.parent = NodeAt(info, 2);
  for (size_t i = 0; i < requests.size(); ++i) {
    request.children.push_back({requests[i], path_keys[i], max_tokens[i]});
  }
  ReadSampling(info[5].As<Napi::Object>(), request);
  engine_->Sample(IntegerAt(info, 1), std::move(request));
  Expect(info.Env(), requests.size());
}

void EngineObject::Abort(const Napi::CallbackInfo& info) { engine_->Abort(ToIntegers(info[0])); }

void EngineObject::Release(const Napi::CallbackInfo& info) {
  engine_->Release(IntegerAt(info, 0), NodeAt(info, 1));
}

void EngineObject::Stats(const Napi::CallbackInfo& info) {
  engine_->ReadStats(IntegerAt(info, 0), IntegerAt(info, 1));
  Expect(info.Env(), 1);
}

void EngineObject::Unload(const Napi::CallbackInfo& info) {
  engine_->Unload(IntegerAt(info, 0), IntegerAt(info, 1));
  Expect(info.Env(), 1);
}

void EngineObject::Expect(Napi::Env env, size_t requests) {
  if (pending_ == 0) completions_.Ref(env);
  pending_ += requests;
}

void EngineObject::Deliver(Napi::Env env, Napi::Function callback, EngineObject* self,
                           std::vector<Completion>* carried) {
  const std::unique_ptr<std::vector<Completion>> batch(carried);
  if (env == nullptr) return;
  self->pending_ -= batch->size();
  if (self->pending_ == 0) self->completions_.Unref(env);
  auto array = Napi::Array::New(env, batch->size());
  for (size_t i = 0; i < batch->size(); ++i) {
    array.Set(static_cast<uint32_t>(i), FromCompletion(env, (*batch)[i]));
  }
  callback.Call({array});
}

}  // namespace espalier
