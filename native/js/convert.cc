#include "js/convert.h"

#include <algorithm>
#include <string>

namespace espalier {
namespace {

int32_t Integer(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().Int32Value();
}

double Real(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::Number>().DoubleValue();
}

std::string Bytes(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(array.Data()), array.ElementLength());
}

template <typename Array, typename T>
Napi::Value FromVector(Napi::Env env, const std::vector<T>& values) {
  auto array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value FromStats(Napi::Env env, const ModelStats& stats) {
  const std::vector<double> values = {static_cast<double>(stats.pages),
                                      static_cast<double>(stats.pages_used),
                                      static_cast<double>(stats.nodes),
                                      static_cast<double>(stats.steps),
                                      static_cast<double>(stats.prefilled),
                                      static_cast<double>(stats.decoded),
                                      stats.run_seconds,
                                      stats.engine_seconds};
  return FromVector<Napi::Float64Array>(env, values);
}

}  // namespace

std::vector<int32_t> ToIntegers(const Napi::Value& value) {
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

uint64_t ToUint64(const Napi::Value& value) {
  bool is_lossless = true;
  return value.As<Napi::BigInt>().Uint64Value(&is_lossless);
}

OrtModel ToOrtModel(const Napi::Object& spec) {
  OrtModel model;
  model.model_path = spec.Get("modelPath").As<Napi::String>().Utf8Value();
  model.output_name = spec.Get("outputName").As<Napi::String>().Utf8Value();
  model.has_logit_scale = spec.Get("hasLogitScale").As<Napi::Boolean>().Value();
  model.head_width = Integer(spec, "headWidth");
  model.kv.layers = Integer(spec, "layers");
  model.kv.kv_heads = Integer(spec, "kvHeads");
  model.kv.head_dim = Integer(spec, "headDim");
  model.kv.pages = Integer(spec, "pages");
  model.threads = Integer(spec, "threads");
  return model;
}

ModelLimits ToLimits(const Napi::Object& spec) {
  return {Integer(spec, "pages"), Integer(spec, "context"), Integer(spec, "chunk")};
}

std::shared_ptr<const Vocabulary> ToVocabulary(const Napi::Object& spec) {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->bytes = Bytes(spec.Get("tokenBytes"));
  const auto offsets = spec.Get("tokenOffsets").As<Napi::Uint32Array>();
  vocabulary->offsets.assign(offsets.Data(), offsets.Data() + offsets.ElementLength());
  vocabulary->end_tokens = ToIntegers(spec.Get("endTokens"));
  return vocabulary;
}

void ReadSampling(const Napi::Object& sampling, SampleRequest& request) {
  request.stream_key = ToUint64(sampling.Get("streamKey"));
  request.sampling = {Real(sampling, "temperature"), Integer(sampling, "topK"),
                      Real(sampling, "topP"), Real(sampling, "minP")};
  const auto array = sampling.Get("stops").As<Napi::Array>();
  std::vector<std::string> stops;
  for (uint32_t i = 0; i < array.Length(); ++i) stops.push_back(Bytes(array.Get(i)));
  request.stops =
      std::make_shared<const StopStrings>(Bytes(sampling.Get("delimiter")), std::move(stops));
}

Napi::Object FromCompletion(Napi::Env env, const Completion& completion) {
  auto object = Napi::Object::New(env);
  object.Set("request", completion.request);
  if (completion.failure) {
    object.Set("error", completion.failure->message);
    object.Set("code", completion.failure->code);
    return object;
  }
  if (completion.model >= 0) object.Set("model", completion.model);
  if (completion.stats) object.Set("stats", FromStats(env, *completion.stats));
  if (completion.node == 0) return object;
  object.Set("node", static_cast<double>(completion.node));
  if (completion.tokens.empty()) {
    object.Set("heads", FromVector<Napi::Float32Array>(env, completion.heads));
    object.Set("computed", completion.computed);
  } else {
    object.Set("tokens", FromVector<Napi::Int32Array>(env, completion.tokens));
    object.Set("logProbs", FromVector<Napi::Float32Array>(env, completion.log_probabilities));
    object.Set("finish", static_cast<int32_t>(completion.finish));
  }
  return object;
}

}  // namespace espalier
