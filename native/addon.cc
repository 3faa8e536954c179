// Entry point of the addon: exports what src/engine/addon.ts types.

#include <napi.h>

#include "js/engine_object.h"
#include "ort/runtime.h"

namespace espalier {
namespace {

Napi::Value OpenRuntime(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Runtime& runtime = Runtime::Open(info[0].As<Napi::String>().Utf8Value());
  auto providers = Napi::Array::New(env);
  for (const auto& provider : runtime.providers()) {
    providers.Set(providers.Length(), Napi::String::New(env, provider));
  }
  auto result = Napi::Object::New(env);
  result.Set("version", runtime.version());
  result.Set("providers", providers);
  return result;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("openRuntime", Napi::Function::New(env, OpenRuntime, "openRuntime"));
  exports.Set("Engine", EngineObject::Define(env));
  return exports;
}

}  // namespace
}  // namespace espalier

static Napi::Object Register(Napi::Env env, Napi::Object exports) {
  return espalier::Initialise(env, exports);
}

NODE_API_MODULE(espalier, Register)
