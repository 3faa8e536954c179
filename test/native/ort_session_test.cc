// Opening and running sessions: what is refused and how it is said, memory over many steps of
// changing size, and sessions that take turns.
// sources: native/ort/*.cc native/kernels/*.cc
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "check.h"
#include "ort_fixture.h"
#include "random.h"

namespace espalier::test {
namespace {

constexpr int32_t kVocabulary = 64;
constexpr int32_t kHidden = 256;
constexpr int32_t kHeadDim = 16;
constexpr int32_t kPages = 64;

// x = table[ids], attention on it, logits = (attention's rows) x weights.
OnnxGraph Graph(int32_t head_width) {
  Random random(21);
  OnnxGraph graph(1, 1, kHeadDim);
  graph.Constant("table", OnnxType::kFloat, {kVocabulary, 18 * kHeadDim},
                 random.Floats(kVocabulary * 18 * kHeadDim, -1.0f, 1.0f));
  graph.Constant("inv_freq", OnnxType::kFloat, {kHeadDim / 2},
                 random.Floats(kHeadDim / 2, 0.0f, 1.0f));
  graph.Constant("weights", OnnxType::kFloat, {kHidden, head_width},
                 random.Floats(size_t(kHidden) * head_width, -1.0f, 1.0f));
  graph.Node("", "Gather", {"table", "input_ids"}, {"x"});
  graph.Node("espalier", "TreeAttention",
             {"x", "positions", "slots", "spans", "key_cache.0", "value_cache.0", "inv_freq"},
             {"mixed"},
             {{"heads", 16},
              {"kv_heads", 1},
              {"head_dim", kHeadDim},
              {"attention_factor", 1.0f},
              {"norm_epsilon", 1e-6f}});
  graph.Node("", "Gather", {"mixed", "output_rows"}, {"last"});
  graph.Node("", "MatMul", {"last", "weights"}, {"logits"});
  return graph;
}

OrtModel Model(const std::string& path, int32_t head_width) {
  OrtModel model;
  model.model_path = path;
  model.output_name = "logits";
  model.head_width = head_width;
  model.kv = {1, 1, kHeadDim, kPages};
  model.threads = 2;
  return model;
}

std::string Written(const std::string& name, int32_t head_width) {
  return Graph(head_width)
      .Output("logits", OnnxType::kFloat, {-1, head_width})
      .Write(TemporaryFile(name));
}

Runtime& TheRuntime() { return Runtime::Open(LibraryPath()); }

std::string OpenError(const OrtModel& model) {
  return MessageOf([&] { OrtForward forward(TheRuntime(), model); });
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// First, because a process keeps the library that it opened.
TEST(LibrariesThatAreNotOnnxRuntimeAreRefused) {
  const auto error = [](const std::string& path) {
    return MessageOf([&] { Runtime::Open(path); });
  };
  CHECK(
      Contains(error("/nowhere/libonnxruntime.so"), "Expected ONNX Runtime's library at /nowhere"));
  const std::string source = TemporaryFile("old.cc");
  const std::string compiler = std::getenv("CXX") != nullptr ? std::getenv("CXX") : "c++";
  const auto library = [&](const std::string& name, const std::string& text) {
    std::ofstream(source) << text;
    const std::string path = TemporaryFile(name);
    CHECK(std::system((compiler + " -shared -fPIC -o " + path + " " + source).c_str()) == 0);
    return path;
  };
  CHECK(
      Contains(error(library("other.so", "int answer() { return 42; }")), "without OrtGetApiBase"));
  const std::string old = library("old.so",
                                  "struct Base { const void* (*api)(unsigned);"
                                  " const char* (*version)(); };"
                                  "static const void* Api(unsigned) { return nullptr; }"
                                  "static const char* Version() { return \"1.20.1\"; }"
                                  "static const Base base{Api, Version};"
                                  "extern \"C\" const Base* OrtGetApiBase() { return &base; }");
  CHECK(Contains(error(old), "Expected ONNX Runtime 1.29 or newer, got 1.20.1"));
}

// Before all others that open one: only the first sessions of a process write to the tables of ONNX
// Runtime that all share.
TEST(FirstSessionsOpenAtOnce) {
  constexpr int kSessions = 8;
  const std::string path = Written("first.onnx", 8);
  Runtime& runtime = TheRuntime();
  std::atomic<int> waiting = kSessions;
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([&] {
      for (--waiting; waiting > 0;) std::this_thread::yield();
      try {
        OrtForward forward(runtime, Model(path, 8));
        ++opened;
      } catch (const std::runtime_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(opened == kSessions);
}

TEST(TheLibraryIsOpenedOnceForAllThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> same{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { same += &TheRuntime() == &Runtime::Open(LibraryPath()); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(same == 4);
  CHECK(TheRuntime().version().starts_with("1."));
  const auto& providers = TheRuntime().providers();
  CHECK(std::find(providers.begin(), providers.end(), "CPUExecutionProvider") != providers.end());
  CHECK(Contains(MessageOf([] { Runtime::Open("/another.so"); }), "a process can have one only"));
}

TEST(FilesThatAreNoModelAreRefused) {
  CHECK(Contains(OpenError(Model(TemporaryFile("missing.onnx"), 8)), "missing.onnx"));
  const std::string path = Written("whole.onnx", 8);
  const auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, size / 2);
  CHECK(Contains(OpenError(Model(path, 8)), "to be a model that ONNX Runtime can open"));
  std::filesystem::resize_file(path, 0);
  CHECK(!OpenError(Model(path, 8)).empty());
}

TEST(GraphsThatBreakTheContractAreRefused) {
  const std::string path = Written("contract.onnx", 8);
  const auto error = [&](const std::function<void(OrtModel&)>& change) {
    OrtModel model = Model(path, 8);
    change(model);
    return OpenError(model);
  };
  CHECK(error([](OrtModel&) {}).empty());
  CHECK(Contains(error([](OrtModel& model) { model.output_name = "score_logits"; }),
                 "output `score_logits` to be float [?, 8], got none"));
  CHECK(Contains(error([](OrtModel& model) { model.head_width = 9; }),
                 "output `logits` to be float [?, 9], got float [?, 8]"));
  CHECK(Contains(error([](OrtModel& model) { model.has_logit_scale = true; }), "`logit_scale`"));
  CHECK(Contains(error([](OrtModel& model) { model.kv.layers = 2; }), "`key_cache.1`"));
  CHECK(Contains(error([](OrtModel& model) { model.kv.layers = 0; }), "no input `key_cache.0`"));
  CHECK(Contains(error([](OrtModel& model) { model.kv.kv_heads = 2; }), "`key_cache.0`"));
  CHECK(Contains(error([](OrtModel& model) { model.kv.head_dim = 32; }),
                 "to be float [1, 64, 32, 16], got float [1, ?, 16, 16]"));
  CHECK(Contains(error([](OrtModel& model) { model.kv.pages = 2000000000; }),
                 "bytes of memory for the key-value pool"));
  OnnxGraph wrong_type = Graph(8);
  wrong_type.Node("", "Cast", {"logits"}, {"whole"}, {{"to", 7}});
  wrong_type.Output("whole", OnnxType::kInt64, {-1, 8});
  OrtModel model = Model(wrong_type.Write(TemporaryFile("type.onnx")), 8);
  model.output_name = "whole";
  CHECK(Contains(OpenError(model), "to be float [?, 8], got int64 [?, 8]"));
}

TEST(AttributesAreChecked) {
  const auto error = [](const std::vector<Attribute>& attributes) {
    OnnxGraph graph(1, 1, kHeadDim);
    graph.Constant<float>("x", OnnxType::kFloat, {1, 48}, std::vector<float>(48));
    graph.Constant<float>("inv_freq", OnnxType::kFloat, {8}, std::vector<float>(8));
    graph.Node("espalier", "TreeAttention",
               {"x", "positions", "slots", "spans", "key_cache.0", "value_cache.0", "inv_freq"},
               {"logits"}, attributes);
    graph.Output("logits", OnnxType::kFloat, {-1, 16});
    return OpenError(Model(graph.Write(TemporaryFile("attributes.onnx")), 16));
  };
  CHECK(Contains(error({{"heads", 1}, {"kv_heads", 1}, {"head_dim", 16}}), "attention_factor"));
  const auto sized = [&](int heads, int kv_heads, int head_dim) {
    return error({{"heads", heads},
                  {"kv_heads", kv_heads},
                  {"head_dim", head_dim},
                  {"attention_factor", 1.0f},
                  {"norm_epsilon", 1e-6f}});
  };
  CHECK(sized(1, 1, 16).empty());
  CHECK(Contains(sized(3, 2, 16), "heads"));
  CHECK(Contains(sized(1, 1, 20), "head size"));
  CHECK(Contains(sized(-1, 1, 16), "`heads`"));
}

TEST(MemoryStaysFlatOverStepsOfAnySize) {
  OrtForward forward(TheRuntime(), Model(Written("flat.onnx", 1000), 1000));
  Random random(22);
  int64_t before = 0;
  const int steps = kIsSanitized ? 400 : 4000;
  for (int step = 0; step < steps; ++step) {
    // The largest step comes first: what follows fits into what it took.
    const int32_t rows = step == 0 ? 256 : random.Range(1, 256);
    std::vector<int64_t> ids(static_cast<size_t>(rows));
    for (int64_t& id : ids) id = random.Range(0, kVocabulary - 1);
    Step prefill = Step::Prefill(ids);
    prefill.output_rows.resize(static_cast<size_t>(step == 0 ? rows : random.Range(0, rows)));
    // Every fourth step is refused by the op.
    if (step % 4 == 3) prefill.slots[0] = -1;
    const std::string error = MessageOf([&] { forward.Run(prefill.input()); });
    CHECK(error.empty() == (step % 4 != 3));
    if (step == 300) before = ResidentBytes();
  }
  CHECK(before > 0);
  // The heap's fragments come to 1-3 MB; one tensor lost in a hundred steps would be more. A
  // sanitizer keeps freed memory for a while.
  if (!kIsSanitized) CHECK(ResidentBytes() - before < 4 << 20);
}

TEST(ThePoolCostsOnlyWhatIsTouched) {
  const int64_t before = ResidentBytes();
  OrtModel model = Model(Written("pool.onnx", 8), 8);
  model.kv.pages = 1 << 18;
  OrtForward forward(TheRuntime(), model);
  CHECK(forward.kv_pool().shape().bytes() == size_t{2} * (1 << 18) * 16 * 16 * sizeof(float));
  forward.Run(Step::Prefill({1, 2, 3}).input());
  CHECK(ResidentBytes() - before < 64 << 20);
  CHECK(forward.kv_pool().key_cache(0)[size_t{1 << 18} * 256 - 1] == 0.0f);
}

TEST(SessionsTakeTurnsAndAgree) {
  const std::string path = Written("turns.onnx", 32);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (std::vector<float>& result : results) {
    threads.emplace_back([&result, &path] {
      OrtForward forward(TheRuntime(), Model(path, 32));
      for (int64_t step = 0; step < 50; ++step) {
        const Step prefill = Step::Prefill({step % 7, 5, 9, step % 3});
        const float* logits = forward.Run(prefill.input()).logits;
        result.insert(result.end(), logits, logits + 4 * 32);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : results) CHECK(result == results[0]);
}

TEST(AnIdleSessionUsesNoProcessor) {
  OrtForward forward(TheRuntime(), Model(Written("idle.onnx", 1000), 1000));
  const Step step = Step::Prefill(std::vector<int64_t>(200, 5));
  for (int i = 0; i < 5; ++i) forward.Run(step.input());
  const std::clock_t before = std::clock();  // of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK(double(std::clock() - before) / CLOCKS_PER_SEC < 0.05);
}

TEST(TheBatonGoesToWhoAskedFirst) {
  Baton baton;
  std::vector<int> order;
  std::vector<std::thread> threads;
  {
    const Baton::Turn turn(baton);
    for (int i = 0; i < 5; ++i) {
      threads.emplace_back([&, i] {
        const Baton::Turn mine(baton);
        order.push_back(i);
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK((order == std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(AProfileIsWrittenWhenAskedFor) {
  const std::string prefix = TemporaryFile("profile");
  setenv("ESPALIER_PROFILE", prefix.c_str(), 1);
  {
    OrtForward forward(TheRuntime(), Model(Written("profiled.onnx", 8), 8));
    forward.Run(Step::Prefill({1, 2, 3}).input());
  }
  unsetenv("ESPALIER_PROFILE");
  int profiles = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TemporaryFile(""))) {
    if (!entry.path().filename().string().starts_with("profile_")) continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    profiles += Contains(text, "\"op_name\" : \"TreeAttention\"");
  }
  CHECK(profiles == 1);
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
