// ONNX Runtime's shared library, opened by path. One per process, shared by all environments, never
// closed: its threads and ours may outlive any one of them.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "baton.h"

namespace espalier {

class Runtime {
 public:
  // Opens the library at `path`, or returns the one that this process has opened already. Any
  // thread may call it. Throws std::runtime_error if the file cannot be opened, is no ONNX Runtime,
  // is older than the headers that this addon was built with, or is not the one opened before.
  static Runtime& Open(const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& version() const { return version_; }                   // "1.30.0"
  const std::vector<std::string>& providers() const { return providers_; }  // execution providers

  // Held by a session while it runs.
  Baton& baton() { return baton_; }
  // Held while a session opens: ONNX Runtime looks our ops' domain up in a table of the process and
  // adds it there without a lock.
  std::mutex& opening() { return opening_; }

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

 private:
  explicit Runtime(const std::string& path);

  std::string path_;
  std::string version_;
  std::vector<std::string> providers_;
  Baton baton_;
  std::mutex opening_;
};

}  // namespace espalier
