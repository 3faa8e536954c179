// The only door to ONNX Runtime's C++ API: no static initialisation (the library is opened at run
// time), no warnings from its headers.
#pragma once

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
