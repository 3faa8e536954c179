// Between JavaScript values and the engine's requests and completions. JavaScript has validated;
// a wrong type here is a defect of src/engine/ and throws.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "engine/request.h"
#include "ort/session.h"

namespace espalier {

std::vector<int32_t> ToIntegers(const Napi::Value& value);
uint64_t ToUint64(const Napi::Value& value);

// From AddonModelSpec (src/engine/addon.ts).
OrtModel ToOrtModel(const Napi::Object& spec);
ModelLimits ToLimits(const Napi::Object& spec);
std::shared_ptr<const Vocabulary> ToVocabulary(const Napi::Object& spec);

// Fills sampling, stream key and stops from AddonSampling.
void ReadSampling(const Napi::Object& sampling, SampleRequest& request);

// To Completion of src/engine/addon.ts.
Napi::Object FromCompletion(Napi::Env env, const Completion& completion);

}  // namespace espalier
