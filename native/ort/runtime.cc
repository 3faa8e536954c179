// Opens ONNX Runtime's library and its one environment.
#include "runtime.h"

#include <mutex>
#include <stdexcept>

#include "environment.h"
#include "ort_api.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace espalier {
namespace {

using GetApiBase = const OrtApiBase*(ORT_API_CALL*)();

#ifdef _WIN32
GetApiBase FindApiBase(const std::string& path) {
  // UTF-8 to UTF-16; the library's own folder is searched for what it depends on.
  const int length = MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, nullptr, 0);
  std::wstring wide(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, wide.data(), length);
  const HMODULE library = LoadLibraryExW(wide.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (library == nullptr) {
    throw std::runtime_error("Expected ONNX Runtime's library at " + path + ", got Windows error " +
                             std::to_string(GetLastError()) +
                             "; install onnxruntime-node or set ESPALIER_ORT_LIBRARY");
  }
  return reinterpret_cast<GetApiBase>(GetProcAddress(library, "OrtGetApiBase"));
}
#else
GetApiBase FindApiBase(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    throw std::runtime_error("Expected ONNX Runtime's library at " + path +
                             ", got: " + (reason != nullptr ? reason : "no reason given") +
                             "; install onnxruntime-node or set ESPALIER_ORT_LIBRARY");
  }
  return reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
}
#endif

}  // namespace

Runtime& Runtime::Open(const std::string& path) {
  static std::mutex mutex;
  static Runtime* opened = nullptr;  // leaked on purpose: see the header
  const std::lock_guard lock(mutex);
  if (opened == nullptr) opened = new Runtime(path);
  if (opened->path_ != path) {
    throw std::runtime_error("Expected the ONNX Runtime library that this process opened first, " +
                             opened->path_ + ", got " + path + "; a process can have one only");
  }
  return *opened;
}

Runtime::Runtime(const std::string& path) : path_(path) {
  const GetApiBase get_api_base = FindApiBase(path);
  if (get_api_base == nullptr) {
    throw std::runtime_error("Expected " + path +
                             " to be ONNX Runtime's library, got one without OrtGetApiBase");
  }
  const OrtApiBase* base = get_api_base();
  version_ = base->GetVersionString();
  // An older library prints a complaint of its own when asked for a newer API, so ask by version.
  const OrtApi* api = nullptr;
  if (version_.starts_with("1.") && std::atoi(version_.c_str() + 2) >= ORT_API_VERSION) {
    api = base->GetApi(ORT_API_VERSION);
  }
  if (api == nullptr) {
    throw std::runtime_error("Expected ONNX Runtime 1." + std::to_string(ORT_API_VERSION) +
                             " or newer, got " + version_ + " at " + path +
                             "; install onnxruntime-node 1." + std::to_string(ORT_API_VERSION) +
                             " or newer, or set ESPALIER_ORT_LIBRARY");
  }
  Ort::InitApi(api);
  try {
    Environment();
    providers_ = Ort::GetAvailableProviders();
  } catch (const Ort::Exception& error) {
    throw std::runtime_error("Expected ONNX Runtime at " + path +
                             " to start, got: " + error.what());
  }
}

const Ort::Env& Environment() {
  static const Ort::Env* env = new Ort::Env(ORT_LOGGING_LEVEL_FATAL, "espalier");
  return *env;
}

}  // namespace espalier
